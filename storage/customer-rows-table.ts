import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { type CustomerRow, customerRowSchema } from '../contracts/customer-rows.ts';
import { CorruptRecordError, storing } from './errors.ts';
import { createTableClient, type TableClient, writeAll } from './table-client.ts';

/**
 * The published rows: one per customer and run in which something about the customer changed. An item is the key
 * `(customer, runSeq)` and one attribute `row`, JSON: a row is only ever read whole, and one attribute is smaller and quicker than
 * thirty nested ones.
 */
export class CustomerRowsTable {
  readonly #table: string;
  readonly #client: TableClient;

  constructor(table: string, client: TableClient = createTableClient()) {
    this.#table = table;
    this.#client = client;
  }

  async putAll(rows: readonly CustomerRow[]): Promise<void> {
    await writeAll(
      this.#client,
      this.#table,
      rows.map(({ customer, runSeq, ...row }) => ({
        PutRequest: { Item: { customer, runSeq, row: JSON.stringify(row) } },
      })),
    );
  }

  /** Writes that these customers are part of the shop's data no longer: look-ups find nobody. */
  async putGone(customers: readonly string[], runSeq: number): Promise<void> {
    await writeAll(
      this.#client,
      this.#table,
      customers.map((customer) => ({ PutRequest: { Item: { customer, runSeq, gone: true } } })),
    );
  }

  async deleteAll(customers: readonly string[], runSeq: number): Promise<void> {
    await writeAll(
      this.#client,
      this.#table,
      customers.map((customer) => ({ DeleteRequest: { Key: { customer, runSeq } } })),
    );
  }

  /** The newest row of a customer that is not newer than the live run, in one Query. */
  async findLive(customer: string, liveRunSeq: number): Promise<CustomerRow | undefined> {
    const answer = await storing(`a row of table ${this.#table}`, () =>
      this.#client.send(
        new QueryCommand({
          TableName: this.#table,
          KeyConditionExpression: 'customer = :customer AND runSeq <= :live',
          ExpressionAttributeValues: { ':customer': customer, ':live': liveRunSeq },
          ScanIndexForward: false,
          Limit: 1,
        }),
      ),
    );
    const item = answer.Items?.[0];
    if (!item || item['gone'] === true) return undefined;
    try {
      return customerRowSchema.parse({
        customer: item['customer'],
        runSeq: item['runSeq'],
        ...JSON.parse(String(item['row'])),
      });
    } catch (cause) {
      throw new CorruptRecordError(`a row of table ${this.#table} has not the shape of a customer row`, { cause });
    }
  }
}
