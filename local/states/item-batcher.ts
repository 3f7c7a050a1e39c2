import { StateFailure } from './errors.ts';
import { type Json, MAX_PAYLOAD_BYTES, utf8Bytes } from './json.ts';

/** The input of one child execution and the number of items in it. */
export interface ChildInput {
  readonly input: Json;
  readonly json: string;
  readonly itemCount: number;
}

/** One child per item. Throws States.DataLimitExceeded when an item's input is over the payload limit. */
export function singleInputs(items: readonly Json[]): ChildInput[] {
  return items.map((input, index) => {
    const json = JSON.stringify(input);
    checkBytes(utf8Bytes(json), index);
    return { input, json, itemCount: 1 };
  });
}

/**
 * One child per batch `{ BatchInput?, Items: […] }`: consecutive items, at most `maxItems` and `maxBytes` of JSON each
 * (developer guide, ItemBatcher; with both limits given, the smaller batch is made).
 */
export function batchInputs(
  items: readonly Json[],
  limits: { readonly maxItems: number | undefined; readonly maxBytes: number | undefined },
  batchInput: Json | undefined,
): ChildInput[] {
  const prefix = batchInput === undefined ? '{"Items":[' : `{"BatchInput":${JSON.stringify(batchInput)},"Items":[`;
  const frameBytes = utf8Bytes(prefix) + 2;
  const maxItems = limits.maxItems ?? Number.POSITIVE_INFINITY;
  const maxBytes = Math.min(limits.maxBytes ?? MAX_PAYLOAD_BYTES, MAX_PAYLOAD_BYTES);
  const batches: ChildInput[] = [];
  let batch: Json[] = [];
  let texts: string[] = [];
  let bytes = frameBytes;
  const close = () => {
    if (batch.length === 0) return;
    const input: Json = batchInput === undefined ? { Items: batch } : { BatchInput: batchInput, Items: batch };
    batches.push({ input, json: `${prefix}${texts.join(',')}]}`, itemCount: batch.length });
    batch = [];
    texts = [];
    bytes = frameBytes;
  };
  for (const [index, item] of items.entries()) {
    const text = JSON.stringify(item);
    const itemBytes = utf8Bytes(text) + (batch.length > 0 ? 1 : 0);
    if (batch.length === maxItems || bytes + itemBytes > maxBytes) close();
    checkBytes(frameBytes + utf8Bytes(text), index, maxBytes);
    batch.push(item);
    bytes += utf8Bytes(text) + (texts.length > 0 ? 1 : 0);
    texts.push(text);
  }
  close();
  return batches;
}

function checkBytes(bytes: number, index: number, maxBytes: number = MAX_PAYLOAD_BYTES): void {
  if (bytes <= maxBytes) return;
  throw new StateFailure(
    'States.DataLimitExceeded',
    `The input made of item ${index} of the Distributed Map has ${bytes} bytes; a child execution's input holds at most ${maxBytes}.`,
  );
}
