/**
 * DynamoDB's attribute values: "AttributeValue" of its API reference, the types that Kindred's items have. Numbers travel as decimal text.
 */
export type AttributeValue =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly BOOL: boolean }
  | { readonly NULL: true }
  | { readonly L: readonly AttributeValue[] }
  | { readonly M: Attributes };
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** A value that DynamoDB cannot hold. */
export class UnstorableValueError extends Error {
  override readonly name = 'UnstorableValueError';
  readonly code = 'UNSTORABLE_VALUE';
  readonly retryable = false;
}

/** An object as attributes; fields that are undefined are left out. @throws UnstorableValueError */
export function attributesOf(item: Readonly<Record<string, unknown>>): Attributes {
  const attributes: Record<string, AttributeValue> = {};
  for (const name of Object.keys(item)) {
    if (item[name] !== undefined) attributes[name] = attributeOf(item[name]);
  }
  return attributes;
}

function attributeOf(value: unknown): AttributeValue {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'boolean') return { BOOL: value };
  if (value === null) return { NULL: true };
  if (typeof value === 'number' && Number.isFinite(value)) return { N: String(value) };
  if (Array.isArray(value)) return { L: value.map(attributeOf) };
  if (typeof value === 'object') return { M: attributesOf(value as Record<string, unknown>) };
  throw new UnstorableValueError(
    `a ${typeof value}${typeof value === 'number' ? ` (${value})` : ''} cannot be an attribute; ` +
      'allowed are text, finite numbers, booleans, null, lists and objects of these',
  );
}

/** The inverse of {@link attributesOf}. @throws UnstorableValueError for types that Kindred never writes: sets and binary */
export function itemOf(attributes: Attributes): Record<string, unknown> {
  const item: Record<string, unknown> = {};
  for (const name of Object.keys(attributes)) item[name] = plainValue(attributes[name] as AttributeValue);
  return item;
}

function plainValue(attribute: AttributeValue): unknown {
  if ('S' in attribute) return attribute.S;
  if ('N' in attribute) return Number(attribute.N);
  if ('BOOL' in attribute) return attribute.BOOL;
  if ('NULL' in attribute) return null;
  if ('L' in attribute) return attribute.L.map(plainValue);
  if ('M' in attribute) return itemOf(attribute.M);
  throw new UnstorableValueError(
    `an attribute of type ${Object.keys(attribute).join(', ')} is not one that Kindred writes; known are S, N, BOOL, NULL, L and M`,
  );
}
