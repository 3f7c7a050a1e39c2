import type { InteractionTable } from '../records/tables.ts';

export class UnsortedInteractionsError extends Error {
  override readonly name = 'UnsortedInteractionsError';
  readonly code = 'UNSORTED_INTERACTIONS';
  readonly retryable = false;
}

/** Where each customer's interactions lie in a table: rows `start[c]` up to `start[c + 1]` are those of `customers[c]`. */
export interface CustomerRuns {
  /** [n], in the order of the rows. */
  readonly customers: readonly string[];
  /** [n + 1]. */
  readonly start: Int32Array;
}

/**
 * The customers of a table whose rows stand together by customer and in order of time within each.
 * @throws UnsortedInteractionsError where a customer's rows are apart or go back in time.
 */
export function customerRuns(table: InteractionTable): CustomerRuns {
  const { rows, customerIndex, atMs } = table;
  const customers: string[] = [];
  const start = new Int32Array(table.customers.length + 1);
  const seen = new Uint8Array(table.customers.length);
  let current = -1;
  for (let row = 0; row < rows; row++) {
    const customer = customerIndex[row]!;
    if (customer === current) {
      if (atMs[row]! < atMs[row - 1]!) throw unsorted(row, 'is earlier than the row before it');
      continue;
    }
    if (seen[customer] === 1) throw unsorted(row, 'belongs to a customer whose rows ended before');
    seen[customer] = 1;
    current = customer;
    start[customers.length] = row;
    customers.push(table.customers[customer]!);
  }
  start[customers.length] = rows;
  return { customers, start: start.subarray(0, customers.length + 1) };
}

function unsorted(row: number, what: string): UnsortedInteractionsError {
  return new UnsortedInteractionsError(
    `Interaction row ${row} ${what}; rows must be sorted by customer, then by time. Sort the table first.`,
  );
}
