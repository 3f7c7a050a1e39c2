/** A JSON value as RFC 8259 knows it: what states pass to each other. Values are treated as immutable. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The JSON type name of a value, as Step Functions spells it in error causes. */
export function jsonTypeOf(value: Json): 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object' {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value as 'boolean' | 'number' | 'string' | 'object';
}

/** Largest payload between states: 256 KiB of UTF-8 (Step Functions developer guide, "Service quotas"). */
export const MAX_PAYLOAD_BYTES = 262_144;

/** Number of bytes of a JSON text in UTF-8. */
export function utf8Bytes(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}

export function exceedsPayloadLimit(jsonText: string): boolean {
  // A string of n UTF-16 units has between n and 3n bytes: the exact count is needed only in between.
  return jsonText.length > MAX_PAYLOAD_BYTES / 3 && utf8Bytes(jsonText) > MAX_PAYLOAD_BYTES;
}
