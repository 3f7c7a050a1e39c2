import type { InteractionTable } from '../records/tables.ts';

export class UnsortedInteractionsError extends Error {
  override readonly name = 'UnsortedInteractionsError';
  readonly code = 'UNSORTED_INTERACTIONS';
  readonly retryable = false;
}

/** Where each customer's interactions lie in a table: rows `start[c]` up to `start[c + 1]` are those of `customers[c]`, perhaps none. */
export interface CustomerRuns {
  /** [n], as the table names them. */
  readonly customers: readonly string[];
  /** [n + 1]. */
  readonly start: Int32Array;
}

/**
 * The customers of a table whose rows stand in the order in which it names the customers, and in order of time within each.
 * @throws UnsortedInteractionsError where a customer's rows come before an earlier one's, or go back in time.
 */
export function customerRuns(table: InteractionTable): CustomerRuns {
  const { rows, customers, customerIndex, atMs } = table;
  const start = new Int32Array(customers.length + 1);
  let current = 0;
  for (let row = 0; row < rows; row++) {
    const customer = customerIndex[row]!;
    if (customer < current) throw unsorted(row, 'belongs to a customer whose rows ended before');
    if (row > 0 && customer === customerIndex[row - 1] && atMs[row]! < atMs[row - 1]!) {
      throw unsorted(row, 'is earlier than the row before it');
    }
    while (current < customer) start[++current] = row;
  }
  while (current < customers.length) start[++current] = rows;
  return { customers, start };
}

function unsorted(row: number, what: string): UnsortedInteractionsError {
  return new UnsortedInteractionsError(
    `Interaction row ${row} ${what}; rows must be sorted by customer, then by time. Sort the table first.`,
  );
}
