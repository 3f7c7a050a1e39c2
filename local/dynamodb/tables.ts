import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  type DynamoDBClient,
  ListTablesCommand,
} from '@aws-sdk/client-dynamodb';
import type { CloudResource } from '../template/resolved-template.ts';

/** A table on disk whose keys are not those of the template. */
export class TableChangedError extends Error {
  override readonly name = 'TableChangedError';
  readonly code = 'TABLE_CHANGED';
  readonly retryable = false;

  constructor(table: string, difference: string) {
    super(
      `The table ${table} in the data folder is not the one of the template (${difference}). AWS would replace it and lose its rows; choose another data folder or delete this one.`,
    );
  }
}

const THROUGHPUT = { ReadCapacityUnits: 1, WriteCapacityUnits: 1 };

/** Creates the template's tables that the store does not have yet. @throws TableChangedError */
export async function createTables(client: DynamoDBClient, resources: readonly CloudResource[]): Promise<void> {
  const { TableNames: existing = [] } = await client.send(new ListTablesCommand({}));
  const wanted = resources.filter(
    ({ type }) => type === 'AWS::DynamoDB::Table' || type === 'AWS::DynamoDB::GlobalTable',
  );
  await Promise.all(
    wanted.map(async (resource) => {
      const table = tableInput(resource);
      if (existing.includes(resource.ref)) {
        await compare(client, table);
        return;
      }
      await client.send(new CreateTableCommand(table));
      await untilActive(client, resource.ref);
    }),
  );
}

/** A new table is active after one turn of the store's event loop, so asking again at once is soon enough. */
async function untilActive(client: DynamoDBClient, table: string): Promise<void> {
  for (;;) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
    if (Table?.TableStatus === 'ACTIVE') return;
  }
}

/** The call that makes a table of `AWS::DynamoDB::Table` or `GlobalTable`, which name these properties alike. */
export function tableInput({ ref, properties }: CloudResource): CreateTableCommandInput {
  const { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes, LocalSecondaryIndexes, BillingMode } =
    properties as unknown as CreateTableCommandInput;
  const onDemand = BillingMode === 'PAY_PER_REQUEST';
  return {
    TableName: ref,
    AttributeDefinitions,
    KeySchema,
    BillingMode: onDemand ? 'PAY_PER_REQUEST' : 'PROVISIONED',
    ...(onDemand ? {} : { ProvisionedThroughput: THROUGHPUT }),
    ...(LocalSecondaryIndexes ? { LocalSecondaryIndexes } : {}),
    ...(GlobalSecondaryIndexes
      ? {
          GlobalSecondaryIndexes: GlobalSecondaryIndexes.map(({ IndexName, KeySchema: keys, Projection }) => ({
            IndexName,
            KeySchema: keys,
            Projection,
            ...(onDemand ? {} : { ProvisionedThroughput: THROUGHPUT }),
          })),
        }
      : {}),
  };
}

async function compare(client: DynamoDBClient, wanted: CreateTableCommandInput): Promise<void> {
  const { Table: found = {} } = await client.send(new DescribeTableCommand({ TableName: wanted.TableName }));
  const [has, needs] = [shapeOf(found), shapeOf(wanted)];
  if (has !== needs) throw new TableChangedError(wanted.TableName!, `it has ${has}, the template ${needs}`);
}

type Shape = Partial<
  Pick<CreateTableCommandInput, 'KeySchema' | 'AttributeDefinitions'> & {
    GlobalSecondaryIndexes: { IndexName?: string | undefined; KeySchema?: CreateTableCommandInput['KeySchema'] }[];
  }
>;

/** Keys with their types, and indexes: `customer HASH S, runSeq RANGE N`. */
function shapeOf({ KeySchema = [], AttributeDefinitions = [], GlobalSecondaryIndexes = [] }: Shape): string {
  const typeOf = (name: string | undefined) =>
    AttributeDefinitions.find((one) => one.AttributeName === name)?.AttributeType;
  const keys = (schema: CreateTableCommandInput['KeySchema'] = []) =>
    schema.map(({ AttributeName, KeyType }) => `${AttributeName} ${KeyType} ${typeOf(AttributeName)}`).join(', ');
  const indexes = GlobalSecondaryIndexes.map(
    ({ IndexName, KeySchema: schema }) => `; index ${IndexName}: ${keys(schema)}`,
  );
  return keys(KeySchema) + indexes.sort().join('');
}
