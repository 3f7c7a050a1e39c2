import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import { decompressed } from '../storage/gzip-stream.ts';

/** A shop's files of a shape that the Python peers know. */
export interface ShopFiles {
  /** `items`: sales name products by id, with files of products and customers. `titles`: one file of order lines with titles. */
  readonly job: 'items' | 'titles';
  readonly paths: readonly string[];
  /** The file of sales or order lines. */
  readonly linesPath: string;
  /** The shop's id of the customer of its first line that has one. */
  readonly aCustomerId: string;
}

export class UnknownFilesError extends Error {
  override readonly name = 'UnknownFilesError';
  readonly code = 'UNKNOWN_FILES';
  readonly retryable = false;
}

const sampleFolder = fileURLToPath(new URL('../examples/foodmart', import.meta.url));
const samplePaths = ['customers', 'products', 'sales'].map((name) => `${sampleFolder}/${name}.csv.gz`);

const customerColumns = { items: 'customer_id', titles: 'CustomerID' } as const;

/**
 * The files to work on, the sample's when none are given, told apart by their columns.
 * @throws UnknownFilesError where the peers have no script for them.
 */
export async function shopFiles(given: readonly string[]): Promise<ShopFiles> {
  const paths = given.length > 0 ? given : samplePaths;
  for (const path of paths) {
    const first = await firstRows(path);
    const job = 'sale_date' in (first[0] ?? {}) ? 'items' : 'InvoiceDate' in (first[0] ?? {}) ? 'titles' : undefined;
    if (job === undefined) continue;
    if (paths.length !== { items: 3, titles: 1 }[job]) break;
    const aCustomerId = first.map((row) => row[customerColumns[job]]).find((id) => id !== undefined && id !== '');
    if (aCustomerId !== undefined) return { job, paths, linesPath: path, aCustomerId };
  }
  throw new UnknownFilesError(
    `the peers cannot read ${paths.join(', ')}; allowed: customers, products and sales with the columns of examples/foodmart, ` +
      'or one file with the columns Description, Quantity, InvoiceDate, UnitPrice, CustomerID.',
  );
}

const rowsLookedAt = 1000;

async function firstRows(path: string): Promise<Record<string, string>[]> {
  return parse(await readShopFile(path), { columns: true, to: rowsLookedAt });
}

/** The bytes of a file, inflated where it is gzip. */
export async function readShopFile(path: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of decompressed(createReadStream(path))) chunks.push(chunk);
  return Buffer.concat(chunks);
}
