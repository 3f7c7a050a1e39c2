import * as z from 'zod';
import { partitionOf } from '../segmentation/privacy/pseudonyms.ts';
import type { Identity } from '../segmentation/records/tables.ts';
import { CorruptRecordError } from './errors.ts';
import { TableClient } from './table-client.ts';

/**
 * The encrypted table that maps pseudonyms back to people. Only look-ups and exports read it.
 *
 * An item `(bucket, importId#chunk)` holds the identities that one import gave for one bucket of neighbouring pseudonyms: a
 * file of customers takes as many writes as there are buckets, not as there are customers, no import can overwrite what another
 * gave, and a page of members, which are listed in order of pseudonym, is found in a few items.
 */
export class IdentitiesTable {
  readonly #table: string;
  readonly #buckets: number;
  readonly #client: TableClient;

  /** `lakePartitions` fixes the number of buckets, and is itself fixed for the life of a deployment. */
  constructor(table: string, lakePartitions: number, client: TableClient = new TableClient()) {
    this.#table = table;
    this.#buckets = lakePartitions * bucketsPerPartition;
    this.#client = client;
  }

  async putImport(importId: string, identities: readonly Identity[]): Promise<void> {
    const byBucket = Map.groupBy(identities, ({ customer }) => this.#bucketOf(customer));
    const items = [...byBucket].flatMap(([bucket, inBucket]) =>
      chunked(inBucket).map((chunk, index) => ({
        PutRequest: {
          Item: {
            bucket,
            importId: `${importId}#${String(index).padStart(4, '0')}`,
            identities: JSON.stringify(chunk),
          },
        },
      })),
    );
    await this.#client.writeAll(this.#table, items);
  }

  /** The shop's own id of each pseudonym that the table knows. */
  async customerIdsOf(customers: readonly string[]): Promise<Map<string, string>> {
    const wanted = new Set(customers);
    const found = new Map<string, string>();
    const buckets = new Set(customers.map((customer) => this.#bucketOf(customer)));
    await Promise.all(
      [...buckets].map(async (bucket) => {
        for (const { customer, customerId } of await this.#readBucket(bucket)) {
          if (wanted.has(customer)) found.set(customer, customerId);
        }
      }),
    );
    return found;
  }

  async #readBucket(bucket: string): Promise<z.infer<typeof identitiesSchema>> {
    const items = await this.#client.queryAll(`identities ${bucket} of table ${this.#table}`, {
      TableName: this.#table,
      KeyConditionExpression: '#bucket = :bucket',
      ExpressionAttributeNames: { '#bucket': 'bucket' },
      ExpressionAttributeValues: { ':bucket': bucket },
    });
    return items.flatMap((item) => this.#parse(item['identities']));
  }

  #parse(value: unknown): z.infer<typeof identitiesSchema> {
    try {
      return identitiesSchema.parse(JSON.parse(String(value)));
    } catch {
      // The cause is left out: it could quote a person.
      throw new CorruptRecordError(`an item of table ${this.#table} does not hold identities`);
    }
  }

  #bucketOf(customer: string): string {
    return `b${String(partitionOf(customer, this.#buckets)).padStart(6, '0')}`;
  }
}

const bucketsPerPartition = 16;
/** An item may have 400 KB; an identity takes some hundred bytes. */
const identitiesPerChunk = 500;

const identitiesSchema = z.array(z.object({ customer: z.string(), customerId: z.string() }));

function chunked<T>(values: readonly T[]): T[][] {
  const chunks: T[][] = [];
  for (let start = 0; start < values.length; start += identitiesPerChunk) {
    chunks.push(values.slice(start, start + identitiesPerChunk));
  }
  return chunks;
}
