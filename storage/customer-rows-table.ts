import { type CustomerRow, customerRowSchema } from '../contracts/customer-rows.ts';
import { CorruptRecordError } from './errors.ts';
import { TableClient } from './table-client.ts';

/** Each query under way holds a connection, and a new one costs a TLS handshake of the function's share of a core. */
const concurrentQueries = 20;

/**
 * The published rows: one per customer and run in which something about the customer changed. An item is the key
 * `(customer, runSeq)` and one attribute `row`, JSON: a row is only ever read whole, and one attribute is smaller and quicker than
 * thirty nested ones.
 */
export class CustomerRowsTable {
  readonly #table: string;
  readonly #client: TableClient;

  constructor(table: string, client: TableClient = new TableClient()) {
    this.#table = table;
    this.#client = client;
  }

  async putAll(rows: readonly CustomerRow[]): Promise<void> {
    await this.#client.writeAll(
      this.#table,
      rows.map(({ customer, runSeq, ...row }) => ({
        PutRequest: { Item: { customer, runSeq, row: JSON.stringify(row) } },
      })),
    );
  }

  /** Writes that these customers are part of the shop's data no longer: look-ups find nobody. */
  async putGone(customers: readonly string[], runSeq: number): Promise<void> {
    await this.#client.writeAll(
      this.#table,
      customers.map((customer) => ({ PutRequest: { Item: { customer, runSeq, gone: true } } })),
    );
  }

  async deleteAll(customers: readonly string[], runSeq: number): Promise<void> {
    await this.#client.writeAll(
      this.#table,
      customers.map((customer) => ({ DeleteRequest: { Key: { customer, runSeq } } })),
    );
  }

  /** As `findLive` for each of the customers, twenty at a time; those who have no row are left out. */
  async findAllLive(customers: readonly string[], liveRunSeq: number): Promise<Map<string, CustomerRow>> {
    const found = new Map<string, CustomerRow>();
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let customer = customers[next++]; customer !== undefined; customer = customers[next++]) {
        const row = await this.findLive(customer, liveRunSeq);
        if (row) found.set(customer, row);
      }
    };
    await Promise.all(Array.from({ length: concurrentQueries }, worker));
    return found;
  }

  /** The newest row of a customer that is not newer than the live run, in one Query. */
  async findLive(customer: string, liveRunSeq: number): Promise<CustomerRow | undefined> {
    const { items } = await this.#client.query(`a row of table ${this.#table}`, {
      TableName: this.#table,
      KeyConditionExpression: 'customer = :customer AND runSeq <= :live',
      ExpressionAttributeValues: { ':customer': customer, ':live': liveRunSeq },
      ScanIndexForward: false,
      Limit: 1,
    });
    const [item] = items;
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
