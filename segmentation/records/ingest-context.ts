import type { Recognition } from './header-recognition.ts';
import type { TextTable } from './row-table.ts';
import type { RowVerdicts } from './row-verdicts.ts';
import type { CustomerRecord, Identity, InteractionTable, ItemRecord } from './tables.ts';
import type { TextRegistry } from './text-registry.ts';

/** What an adapter of one kind of file is given. It settles every row that is not settled yet. */
export interface IngestContext {
  readonly table: TextTable;
  readonly recognition: Recognition;
  readonly verdicts: RowVerdicts;
  readonly texts: TextRegistry;
  readonly pseudonymOf: (rawCustomerId: string) => string;
  readonly receivedAtMs: number;
  /** ISO 4217 code of the shop's currency. */
  readonly currency: string | undefined;
  /** Told what was assumed where the file does not say. */
  readonly note: (text: string) => void;
}

/** What it answers with. */
export interface IngestedRecords {
  readonly customers: readonly CustomerRecord[];
  readonly identities: readonly Identity[];
  readonly items: readonly ItemRecord[];
  readonly interactions: InteractionTable;
  /** What became of columns that have no known name. */
  readonly attributeColumns: ReadonlyMap<number, { readonly isKept: boolean; readonly why: string }>;
}

/** A table of no interactions. */
export const noInteractions: InteractionTable = {
  rows: 0,
  customers: [],
  customerIndex: new Int32Array(0),
  typeCode: new Uint8Array(0),
  atMs: new Float64Array(0),
  items: [],
  itemIndex: new Int32Array(0),
  quantity: new Float64Array(0),
  amount: new Float64Array(0),
  rating: new Float64Array(0),
  textIds: [],
  textIndex: new Int32Array(0),
  orders: [],
  orderIndex: new Int32Array(0),
};
