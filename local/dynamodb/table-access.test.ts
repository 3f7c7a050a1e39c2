import { expect, it } from 'vitest';
import { tableCalls } from './table-access.ts';

const place = { region: 'us-east-1', accountId: '111122223333' };
const table = (path: string) => `arn:aws:dynamodb:us-east-1:111122223333:table/${path}`;

/** Service Authorization Reference, "Actions, resources, and condition keys for Amazon DynamoDB". */
it.each([
  ['GetItem', { TableName: 'Rows' }, [table('Rows')]],
  ['GetItem', { TableName: table('Rows') }, [table('Rows')]],
  ['Query', { TableName: 'Rows', IndexName: 'byRun' }, [table('Rows/index/byRun')]],
  ['BatchWriteItem', { RequestItems: { Rows: [], Others: [] } }, [table('Rows'), table('Others')]],
  ['BatchGetItem', { RequestItems: { Rows: {} } }, [table('Rows')]],
  ['TagResource', { ResourceArn: table('Rows') }, [table('Rows')]],
  ['ListTables', {}, ['*']],
])('%s of %j', (operation, input, resources) => {
  const calls = tableCalls(operation, input, place);
  expect(calls.map(({ action, resource }) => [action, resource])).toEqual(
    resources.map((resource) => [`dynamodb:${operation}`, resource]),
  );
});

it('decrypts the table for whoever reads it, and encrypts for whoever writes', () => {
  const keyActions = (operation: string) => tableCalls(operation, { TableName: 'Rows' }, place)[0]?.keyActions;
  expect(keyActions('Query')).toEqual(['kms:Decrypt', 'kms:DescribeKey']);
  expect(keyActions('UpdateItem')).toEqual(
    expect.arrayContaining(['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey']),
  );
  expect(keyActions('DescribeTable')).toEqual([]);
});
