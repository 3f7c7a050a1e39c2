import type { Request } from '../iam/access.ts';

/** A call of DynamoDB as its permissions see it: the action on each table, or index, that the body names. */
export type TableCall = Omit<Request, 'principal'>;

/**
 * DynamoDB decrypts a table's key in the caller's name. What is asked of a caller here is what the guide gives as the least that a
 * customer's key must allow ("DynamoDB encryption at rest: usage notes", authorizing use of the key), CreateGrant left out, which making a table takes.
 */
const READ_KEY_ACTIONS = ['kms:Decrypt', 'kms:DescribeKey'];
const WRITE_KEY_ACTIONS = [
  ...READ_KEY_ACTIONS,
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

const READS = new Set(['BatchGetItem', 'GetItem', 'Query', 'Scan']);
const WRITES = new Set(['BatchWriteItem', 'DeleteItem', 'PutItem', 'UpdateItem']);

/**
 * The permissions that an operation needs (Service Authorization Reference, "Actions, resources, and condition keys for Amazon DynamoDB").
 * @param operation `GetItem`, from `X-Amz-Target`
 */
export function tableCalls(
  operation: string,
  input: Readonly<Record<string, unknown>>,
  { region, accountId }: { readonly region: string; readonly accountId: string },
): TableCall[] {
  const tableArn = (name: unknown) =>
    String(name).startsWith('arn:') ? String(name) : `arn:aws:dynamodb:${region}:${accountId}:table/${name}`;
  const keyActions = READS.has(operation) ? READ_KEY_ACTIONS : WRITES.has(operation) ? WRITE_KEY_ACTIONS : [];
  const { TableName, IndexName, RequestItems, ResourceArn } = input;
  const tables =
    typeof RequestItems === 'object' && RequestItems !== null ? Object.keys(RequestItems) : [TableName ?? ResourceArn];
  return tables.map((table) => ({
    action: `dynamodb:${operation}`,
    resource: table === undefined ? '*' : `${tableArn(table)}${IndexName === undefined ? '' : `/index/${IndexName}`}`,
    keyActions,
  }));
}
