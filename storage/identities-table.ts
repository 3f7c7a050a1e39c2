import { BatchGetCommand } from '@aws-sdk/lib-dynamodb';
import { StorageUnavailableError, storing } from './errors.ts';
import { createTableClient, type TableClient, writeAll } from './table-client.ts';

export interface StoredIdentity {
  readonly customer: string;
  readonly customerId: string;
  readonly name?: string | undefined;
  readonly email?: string | undefined;
  readonly phone?: string | undefined;
}

/** BatchGetItem takes at most this many keys. */
const maxBatchKeys = 100;
const maxAttempts = 8;

/** The encrypted table that maps pseudonyms back to people. Only look-ups and exports read it. */
export class IdentitiesTable {
  readonly #table: string;
  readonly #client: TableClient;

  constructor(table: string, client: TableClient = createTableClient()) {
    this.#table = table;
    this.#client = client;
  }

  async putAll(identities: readonly StoredIdentity[]): Promise<void> {
    await writeAll(
      this.#client,
      this.#table,
      identities.map((identity) => ({ PutRequest: { Item: { ...identity } } })),
    );
  }

  /** The shop's own id of each pseudonym that the table knows. */
  async customerIdsOf(customers: readonly string[]): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (let start = 0; start < customers.length; start += maxBatchKeys) {
      let keys = customers.slice(start, start + maxBatchKeys).map((customer) => ({ customer })) as Record<
        string,
        unknown
      >[];
      for (let attempt = 0; keys.length > 0; attempt += 1) {
        if (attempt === maxAttempts) {
          throw new StorageUnavailableError(
            `table ${this.#table} left ${keys.length} keys unread after ${maxAttempts} attempts`,
          );
        }
        if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, 50 * 2 ** attempt));
        const wanted = keys;
        const answer = await storing(`identities of table ${this.#table}`, () =>
          this.#client.send(
            new BatchGetCommand({
              RequestItems: { [this.#table]: { Keys: wanted, ProjectionExpression: 'customer, customerId' } },
            }),
          ),
        );
        for (const item of answer.Responses?.[this.#table] ?? []) {
          found.set(String(item['customer']), String(item['customerId']));
        }
        keys = (answer.UnprocessedKeys?.[this.#table]?.Keys ?? []) as Record<string, unknown>[];
      }
    }
    return found;
  }
}
