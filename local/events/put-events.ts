import { ServiceError } from '../aws-json-server.ts';
import type { Json } from '../template/intrinsics.ts';
import type { EventBus } from './bus.ts';

const MAX_ENTRIES = 10;

interface Entry {
  readonly Source?: string;
  readonly DetailType?: string;
  readonly Detail?: string;
  readonly Resources?: string[];
  /** Seconds since 1970. */
  readonly Time?: number;
  readonly EventBusName?: string;
}

/** The answer to one entry: `EventId`, or what is wrong with it. */
type EntryResult = { EventId: string } | { ErrorCode: string; ErrorMessage: string };

/** PutEvents (EventBridge API reference): a bad entry fails alone, the others are taken. */
export function putEvents(bus: EventBus, clock: () => number, input: Record<string, unknown>): object {
  const entries = input['Entries'];
  if (!Array.isArray(entries) || entries.length < 1 || entries.length > MAX_ENTRIES) {
    throw new ServiceError('ValidationException', `Entries must have 1 to ${MAX_ENTRIES} members.`);
  }
  const results = entries.map((entry) => putEntry(bus, clock, entry));
  return { FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results };
}

function putEntry(bus: EventBus, clock: () => number, entry: Entry): EntryResult {
  const { Source, DetailType, Detail, Resources = [], Time, EventBusName = 'default' } = entry;
  for (const [name, value] of Object.entries({ Source, DetailType, Detail })) {
    if (!value) return invalid(`Parameter ${name} is not valid. Reason: ${name} is a required argument.`);
  }
  if (EventBusName !== 'default' && !EventBusName.endsWith(':event-bus/default')) {
    return invalid(`Event bus ${EventBusName} does not exist; there is default.`);
  }
  if (Source!.startsWith('aws.')) {
    return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' };
  }
  const detail = parseDetail(Detail!);
  if (detail === undefined) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
  const atMs = Time === undefined ? clock() : Time * 1000;
  return { EventId: bus.put({ source: Source!, detailType: DetailType!, detail, resources: Resources, atMs }) };
}

function invalid(message: string): EntryResult {
  return { ErrorCode: 'InvalidArgument', ErrorMessage: message };
}

/** A JSON object, or undefined. */
function parseDetail(text: string): Json | undefined {
  try {
    const detail: unknown = JSON.parse(text);
    return typeof detail === 'object' && detail !== null && !Array.isArray(detail) ? (detail as Json) : undefined;
  } catch {
    return undefined;
  }
}
