import { type Attributes, attributesOf, itemOf } from './attribute-values.ts';
import { StorageUnavailableError, storing } from './errors.ts';
import { JsonService } from './json-service.ts';
import { accessFromEnvironment, type ServiceAccess } from './signed-service.ts';

type Item = Readonly<Record<string, unknown>>;

/** Expressions of DynamoDB's API with their names and values; fields as the API names them. */
interface Expressions {
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Item;
}

export interface QueryInput extends Expressions {
  readonly TableName: string;
  readonly KeyConditionExpression: string;
  readonly ScanIndexForward?: boolean;
  readonly Limit?: number;
  readonly ExclusiveStartKey?: Item;
}

export interface QueryPage {
  readonly items: readonly Record<string, unknown>[];
  /** Where the next page starts; undefined after the last. */
  readonly next: Item | undefined;
}

type Write = { readonly PutRequest: { readonly Item: Item } } | { readonly DeleteRequest: { readonly Key: Item } };
type WireWrite =
  | { readonly PutRequest: { readonly Item: Attributes } }
  | { readonly DeleteRequest: { readonly Key: Attributes } };

/** BatchWriteItem takes at most this many requests. */
const maxBatchRequests = 25;
const concurrentBatches = 8;
const maxAttempts = 8;

/** DynamoDB with plain values in and out. Errors leave here as those of `errors.ts`; `what` names the item in them. */
export class TableClient {
  readonly #service: JsonService;

  constructor(access: ServiceAccess = accessFromEnvironment('DYNAMODB', 'dynamodb')) {
    this.#service = new JsonService('dynamodb', 'DynamoDB_20120810', '1.0', access);
  }

  /** A strongly consistent read. */
  async get(what: string, input: { TableName: string; Key: Item }): Promise<Record<string, unknown> | undefined> {
    const wire = { ...input, Key: attributesOf(input.Key), ConsistentRead: true };
    const { Item } = await this.#call(what, 'GetItem', wire);
    return Item === undefined ? undefined : itemOf(Item as Attributes);
  }

  async put(what: string, input: { TableName: string; Item: Item } & Expressions): Promise<void> {
    await this.#call(what, 'PutItem', { ...withWireValues(input), Item: attributesOf(input.Item) });
  }

  /** Answers the attributes that `ReturnValues` asks for. */
  async update(
    what: string,
    input: { TableName: string; Key: Item; UpdateExpression: string; ReturnValues?: 'UPDATED_NEW' } & Expressions,
  ): Promise<Record<string, unknown>> {
    const wire = { ...withWireValues(input), Key: attributesOf(input.Key) };
    const { Attributes: attributes = {} } = await this.#call(what, 'UpdateItem', wire);
    return itemOf(attributes as Attributes);
  }

  async query(what: string, input: QueryInput): Promise<QueryPage> {
    const { ExclusiveStartKey } = input;
    const { Items = [], LastEvaluatedKey } = await this.#call(what, 'Query', {
      ...withWireValues(input),
      ...(ExclusiveStartKey && { ExclusiveStartKey: attributesOf(ExclusiveStartKey) }),
    });
    return {
      items: (Items as Attributes[]).map(itemOf),
      next: LastEvaluatedKey === undefined ? undefined : itemOf(LastEvaluatedKey as Attributes),
    };
  }

  /** Every item of a query, page after page. */
  async queryAll(what: string, input: QueryInput): Promise<Record<string, unknown>[]> {
    const items: Record<string, unknown>[] = [];
    let from: Item | undefined;
    do {
      const page = await this.query(what, { ...input, ...(from && { ExclusiveStartKey: from }) });
      items.push(...page.items);
      from = page.next;
    } while (from);
    return items;
  }

  /** Writes all requests in batches of 25, several at a time; what the table leaves unprocessed is sent again, later and later. */
  async writeAll(table: string, writes: readonly Write[]): Promise<void> {
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < writes.length) {
        const start = next;
        next += maxBatchRequests;
        await this.#writeBatch(table, writes.slice(start, start + maxBatchRequests).map(wireWrite));
      }
    };
    await Promise.all(Array.from({ length: concurrentBatches }, worker));
  }

  close(): void {
    this.#service.close();
  }

  async #writeBatch(table: string, batch: readonly WireWrite[]): Promise<void> {
    let pending = batch;
    for (let attempt = 0; pending.length > 0; attempt += 1) {
      if (attempt === maxAttempts) {
        throw new StorageUnavailableError(
          `table ${table} left ${pending.length} of ${batch.length} writes unprocessed after ${maxAttempts} attempts`,
        );
      }
      if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, 50 * 2 ** attempt));
      const answer = await this.#call(`a batch of table ${table}`, 'BatchWriteItem', {
        RequestItems: { [table]: pending },
      });
      pending = (answer['UnprocessedItems'] as Record<string, WireWrite[]> | undefined)?.[table] ?? [];
    }
  }

  #call(what: string, operation: string, input: object): Promise<Record<string, unknown>> {
    return storing(what, () => this.#service.call(operation, input));
  }
}

function withWireValues<T extends Expressions>(input: T): Omit<T, 'ExpressionAttributeValues'> {
  const { ExpressionAttributeValues: values, ...rest } = input;
  return { ...rest, ...(values && { ExpressionAttributeValues: attributesOf(values) }) };
}

function wireWrite(write: Write): WireWrite {
  return 'PutRequest' in write
    ? { PutRequest: { Item: attributesOf(write.PutRequest.Item) } }
    : { DeleteRequest: { Key: attributesOf(write.DeleteRequest.Key) } };
}
