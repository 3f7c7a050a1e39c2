import { gunzipSync } from 'node:zlib';
import { parse as parseCsv } from 'csv-parse/sync';
import type { ItemInputType, ItemReader, ReaderConfig } from './definition.ts';
import { StateFailure } from './errors.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import type { Caller, ListedObject, ObjectStore } from './ports.ts';

/** An item and where it comes from (the context object's Map.Item.Source). */
export interface SourcedItems {
  readonly items: readonly Json[];
  readonly source: string;
}

export interface ReadRequest {
  readonly reader: ItemReader;
  /** The evaluated Arguments. */
  readonly arguments: JsonObject;
  readonly maxItems: number | undefined;
  readonly itemsPointer: string | undefined;
  readonly objects: ObjectStore;
  readonly caller: Caller;
}

function readerFailure(cause: string, error?: unknown): StateFailure {
  return new StateFailure('States.ItemReaderFailed', cause, { cause: error });
}

/** Reads the items of a Distributed Map from S3. Every failure is a States.ItemReaderFailed. */
export async function readItems(request: ReadRequest): Promise<SourcedItems> {
  const known = request.reader.action === 'getObject' ? ['Bucket', 'Key', 'VersionId'] : ['Bucket', 'Prefix'];
  const unknown = Object.keys(request.arguments).find((field) => !known.includes(field));
  if (unknown !== undefined)
    throw readerFailure(`The argument '${unknown}' is not known here; known are ${known.join(', ')}.`);
  try {
    const { items, source } = await (request.reader.action === 'getObject'
      ? readObject(request)
      : readListing(request));
    return { items: request.maxItems ? items.slice(0, request.maxItems) : items, source };
  } catch (error) {
    if (error instanceof StateFailure) throw error;
    throw readerFailure(error instanceof Error ? error.message : String(error), error);
  }
}

function argument(request: ReadRequest, field: string): string {
  const value = request.arguments[field];
  if (typeof value !== 'string' || value === '')
    throw readerFailure(`The ItemReader argument '${field}' must be a non-empty string.`);
  return value;
}

async function readObject(request: ReadRequest): Promise<SourcedItems> {
  const bucket = argument(request, 'Bucket');
  const key = argument(request, 'Key');
  const version = request.arguments['VersionId'] === undefined ? {} : { versionId: argument(request, 'VersionId') };
  const body = await request.objects.get({ bucket, key, ...version, caller: request.caller });
  const source = `S3://${bucket}/${key}`;
  const { config } = request.reader;
  if (config.inputType === 'MANIFEST') return { items: await readInventory(request, body), source };
  return { items: parseItems(body, config.inputType ?? 'JSON', config, request.itemsPointer), source };
}

async function readListing(request: ReadRequest): Promise<SourcedItems> {
  const bucket = argument(request, 'Bucket');
  const prefix = request.arguments['Prefix'] === undefined ? {} : { prefix: argument(request, 'Prefix') };
  const { config } = request.reader;
  const items: Json[] = [];
  for await (const listed of request.objects.list({ bucket, ...prefix, caller: request.caller })) {
    if (config.loadAndFlatten) {
      const body = await request.objects.get({ bucket, key: listed.key, caller: request.caller });
      for (const item of parseItems(body, config.inputType ?? 'JSON', config, request.itemsPointer)) items.push(item);
    } else {
      items.push(listedItem(listed));
    }
    if (request.maxItems && items.length >= request.maxItems) break;
  }
  return { items, source: `S3://${bucket}` };
}

/** A listed object as an item: field names and order as the service gives them, LastModified in seconds since the epoch. */
function listedItem(listed: ListedObject): Json {
  return {
    Etag: listed.etag,
    LastModified: Math.floor(listed.lastModifiedMs / 1000),
    Key: listed.key,
    Size: listed.sizeBytes,
    StorageClass: listed.storageClass,
  };
}

function parseItems(body: Uint8Array, type: ItemInputType, config: ReaderConfig, pointer: string | undefined): Json[] {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  switch (type) {
    case 'CSV':
      return csvItems(text, config);
    case 'JSONL':
      return text
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => parseJson(line));
    default: {
      const value = at(parseJson(text), pointer);
      if (!Array.isArray(value)) throw readerFailure('Attempting to map over non-iterable node.');
      return value;
    }
  }
}

/** The parser's own message quotes the text, which may hold what does not belong into an error. */
function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw readerFailure('The object, or a line of it, is not a JSON text.');
  }
}

/** RFC 6901. */
function at(value: Json, pointer: string | undefined): Json {
  let found: Json | undefined = value;
  for (const part of pointer === undefined ? [] : pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    found = Array.isArray(found) ? found[Number(key)] : isJsonObject(found) ? found[key] : undefined;
  }
  if (found === undefined) throw readerFailure(`The ItemsPointer '${pointer}' points to nothing.`);
  return found;
}

/** Rows as objects of strings: fields beyond the header are dropped, missing ones are empty (as recorded from the service). */
function csvItems(text: string, config: ReaderConfig): Json[] {
  const rows: string[][] = parseCsv(text, {
    delimiter: config.csvDelimiter,
    bom: true,
    relax_column_count: true,
    skip_empty_lines: true,
  });
  const header = config.csvHeaders ?? rows.shift() ?? [];
  return rows.map((row) => Object.fromEntries(header.map((name, column) => [name, row[column] ?? ''])));
}

/** An S3 inventory: its manifest.json names CSV files without header, whose columns the manifest's fileSchema names. */
async function readInventory(request: ReadRequest, body: Uint8Array): Promise<Json[]> {
  const manifest = parseJson(new TextDecoder().decode(body));
  const { fileFormat, fileSchema, files, destinationBucket } = isJsonObject(manifest) ? manifest : {};
  if (
    fileFormat !== 'CSV' ||
    typeof fileSchema !== 'string' ||
    !Array.isArray(files) ||
    typeof destinationBucket !== 'string'
  ) {
    throw readerFailure('The object is not a manifest.json of an S3 inventory in CSV format.');
  }
  const columns = fileSchema.split(',').map((column) => column.trim());
  const bucket = destinationBucket.replace(/^arn:aws[\w-]*:s3:::/, '');
  const items: Json[] = [];
  for (const file of files) {
    const key = isJsonObject(file) ? file['key'] : undefined;
    if (typeof key !== 'string') throw readerFailure("A file of the inventory's manifest has no 'key'.");
    const content = await request.objects.get({ bucket, key, caller: request.caller });
    const text = (key.endsWith('.gz') ? gunzipSync(content) : Buffer.from(content)).toString('utf8');
    const rows: string[][] = parseCsv(text, { skip_empty_lines: true });
    for (const row of rows) items.push(Object.fromEntries(columns.map((name, column) => [name, row[column] ?? ''])));
    if (request.maxItems && items.length >= request.maxItems) break;
  }
  return items;
}
