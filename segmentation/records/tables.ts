/**
 * The canonical records in columns: what ingest makes of any file, what the lake stores and what features are made from.
 * Strings that repeat (customers, items, texts) stand once in a list and are named by index. A customer is a pseudonym
 * (32 hex digits) everywhere but in {@link Identity}. Missing numbers are NaN; missing indices are -1.
 */

/** What a customer can do, in the order of their codes. Codes are stored: append only. */
export const interactionTypes = [
  'view',
  'search',
  'click',
  'cart',
  'wishlist',
  'purchase',
  'refund',
  'cancel',
  'review',
  'social',
  'support',
  'custom',
] as const;
export type InteractionType = (typeof interactionTypes)[number];

export interface InteractionTable {
  readonly rows: number;
  /** Distinct pseudonyms; `customerIndex` points into it. */
  readonly customers: readonly string[];
  readonly customerIndex: Int32Array;
  /** Index into {@link interactionTypes}. */
  readonly typeCode: Uint8Array;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly atMs: Float64Array;
  /** Distinct item ids; `itemIndex` points into it, -1 where the interaction names no item. */
  readonly items: readonly string[];
  readonly itemIndex: Int32Array;
  /** Units; refunds and returns are stored positive under their own type. */
  readonly quantity: Float64Array;
  /** Money of the whole line, in the shop's currency, positive also for refunds; NaN where unknown. */
  readonly amount: Float64Array;
  /** 1 to 5; NaN where none. */
  readonly rating: Float64Array;
  /** Distinct text ids of what the customer wrote (reviews, posts); `textIndex` is -1 where none. */
  readonly textIds: readonly string[];
  readonly textIndex: Int32Array;
  /** Distinct order ids (hashed); `orderIndex` is -1 where the file names none. */
  readonly orders: readonly string[];
  readonly orderIndex: Int32Array;
}

/** What the lake keeps of a customer beside what they did. Nothing here names a person. */
export interface CustomerRecord {
  readonly customer: string;
  /** Standardised and raw attributes: numbers stay numbers (`gender` is 0 female or 1 male), categories are trimmed strings. */
  readonly attributes: Readonly<Record<string, string | number>>;
  /** When the account was opened, milliseconds since 1970; absent where unknown. */
  readonly createdAtMs?: number;
}

/** What maps a pseudonym back to the person; goes to the encrypted identity table alone. */
export interface Identity {
  readonly customer: string;
  readonly customerId: string;
  readonly name?: string;
  readonly email?: string;
  readonly phone?: string;
}

export interface ItemRecord {
  readonly item: string;
  readonly title: string;
  readonly description?: string;
  /** From the widest to the narrowest. */
  readonly categoryPath: readonly string[];
  readonly brand?: string;
  /** Price of one unit in the shop's currency. */
  readonly price?: number;
  /** Id of the text that stands for the item in the embedding: title and narrowest category. */
  readonly textId: string;
}

/** A text to embed, scrubbed of contact data. `textId` is the first 32 hex digits of its sha256. */
export interface TextRecord {
  readonly textId: string;
  readonly text: string;
}
