import type { Matrix } from '../../numerics/tensor.ts';
import { partitionOf } from '../privacy/pseudonyms.ts';
import { identifierOf, maxIdentifierLength } from '../records/identifiers.ts';
import type { MatrixIds } from '../records/matrix-ids.ts';
import type { RejectedRow, RejectReason } from '../records/reject-reasons.ts';
import type { Identity } from '../records/tables.ts';

/** One partition's customers and their vectors, by pseudonym. */
export interface OwnVectorsPart {
  readonly customers: readonly string[];
  /** [customers, d] */
  readonly vectors: Matrix;
}

export interface OwnVectors {
  /** [partitions] */
  readonly parts: readonly OwnVectorsPart[];
  readonly identities: readonly Identity[];
  /** In the order of the matrix. */
  readonly rejected: readonly RejectedRow[];
}

export interface OwnVectorsOptions {
  readonly pseudonymOf: (rawCustomerId: string) => string;
  readonly partitions: number;
}

/**
 * A matrix of a team's own vectors and its ids as shards of pseudonyms. Rows that cannot be used are set aside: without an id, with one that
 * an earlier row has, or with a value that is not finite.
 * @param matrix [n, d]
 * @param ids [n]
 */
export function ownVectors(matrix: Matrix, { ids, lines }: MatrixIds, options: OwnVectorsOptions): OwnVectors {
  const { pseudonymOf, partitions } = options;
  const rejected: RejectedRow[] = [];
  const rowOf = new Map<string, number>();
  const identities: Identity[] = [];
  ids.forEach((cell, row) => {
    const customerId = identifierOf(cell);
    const customer = customerId === '' ? '' : pseudonymOf(customerId);
    const reason = fault(matrix, row, customerId, rowOf.get(customer));
    if (reason) {
      rejected.push({ line: lines[row]!, ...reason, cells: [cell] });
      return;
    }
    rowOf.set(customer, row);
    identities.push({ customer, customerId });
  });
  const order = [...rowOf].sort(([a], [b]) => (a < b ? -1 : 1));
  const vectors = centredAndScaled(
    matrix,
    order.map(([, row]) => row),
  );
  const customers = order.map(([customer]) => customer);
  const parts: OwnVectorsPart[] = [];
  let from = 0;
  for (let partition = 0; partition < partitions; partition += 1) {
    let to = from;
    while (to < customers.length && partitionOf(customers[to]!, partitions) === partition) to += 1;
    const data = vectors.data.subarray(from * matrix.columns, to * matrix.columns);
    parts.push({
      customers: customers.slice(from, to),
      vectors: { rows: to - from, columns: matrix.columns, data },
    });
    from = to;
  }
  return { parts, identities, rejected };
}

function fault(
  matrix: Matrix,
  row: number,
  customerId: string,
  earlierRow: number | undefined,
): RejectReason | undefined {
  const where = `Row ${row} of the matrix, counted from 0,`;
  if (customerId === '') {
    return {
      code: 'MISSING_ID',
      message: `${where} has no readable id; fill it in, or leave the row out of both files.`,
    };
  }
  if (customerId.length > maxIdentifierLength) {
    return {
      code: 'OVERLONG_FIELD',
      message: `${where} has an id of more than ${maxIdentifierLength} characters; shorten it.`,
    };
  }
  const values = matrix.data.subarray(row * matrix.columns, (row + 1) * matrix.columns);
  const column = values.findIndex((value) => !Number.isFinite(value));
  if (column >= 0) {
    return {
      code: 'NOT_FINITE',
      message: `${where} holds ${values[column]} in column ${column} (as float32); only finite numbers have a distance: repair what made it.`,
    };
  }
  if (earlierRow === undefined) return undefined;
  return {
    code: 'DUPLICATE_ID',
    message: `${where} has the id of row ${earlierRow}, which counts; a customer has one vector.`,
  };
}

/**
 * The rows named, moved to their mean and divided by one number, so that a column's variance is 1 in the mean. Distances
 * keep their proportions, and so clusters stay what they are; the classifier learns at one pace whatever the vectors' unit is. Rows
 * that are all alike become 0.
 */
function centredAndScaled({ columns, data }: Matrix, rows: readonly number[]): Matrix {
  const mean = new Float64Array(columns);
  for (const row of rows) {
    for (let column = 0; column < columns; column += 1) mean[column]! += data[row * columns + column]! / rows.length;
  }
  let squares = 0;
  for (const row of rows) {
    for (let column = 0; column < columns; column += 1) {
      squares += (data[row * columns + column]! - mean[column]!) ** 2;
    }
  }
  const deviation = squares > 0 ? Math.sqrt(squares / (rows.length * columns)) : 1;
  const scaled = new Float32Array(rows.length * columns);
  rows.forEach((row, position) => {
    for (let column = 0; column < columns; column += 1) {
      scaled[position * columns + column] = (data[row * columns + column]! - mean[column]!) / deviation;
    }
  });
  return { rows: rows.length, columns, data: scaled };
}
