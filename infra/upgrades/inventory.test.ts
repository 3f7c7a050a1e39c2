import { describe, expect, test } from 'vitest';
import { synthesizeStubs } from '../stub-assembly.ts';
import { type Inventory, inventoryOf, type TemplateJson, upgradeProblems } from './inventory.ts';
import recorded from './recorded-inventory.json' with { type: 'json' };

describe('this version', () => {
  const current = inventoryOf(synthesizeStubs().templates);

  test('can be deployed over the recorded one', () => {
    expect(upgradeProblems(recorded, current)).toEqual([]);
  });

  test('is recorded: else run npm run upgrade:record', () => {
    expect(current).toEqual(recorded);
  });

  test('keeps state in the data and identity stacks alone, under ids that the code may be moved without', () => {
    expect(Object.keys(current.resources)).toEqual([
      'kindred-data/AccessLogs',
      'kindred-data/Customers',
      'kindred-data/Data',
      'kindred-data/Identities',
      'kindred-data/Key',
      'kindred-data/ModelJobs',
      'kindred-data/PseudonymKey',
      'kindred-data/Registry',
      'kindred-identity/MachineClient',
      'kindred-identity/ResourceServer',
      'kindred-identity/UserPool',
    ]);
  });
});

/** Templates of a shop's first version, to be changed as a second one might. */
function shop(): { data: Required<TemplateJson> } {
  const kept = { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' };
  return {
    data: {
      Resources: {
        Files: { Type: 'AWS::S3::Bucket', ...kept },
        Orders: {
          Type: 'AWS::DynamoDB::Table',
          ...kept,
          Properties: {
            KeySchema: [{ AttributeName: 'customer', KeyType: 'HASH' }],
            AttributeDefinitions: [{ AttributeName: 'customer', AttributeType: 'S' }],
          },
        },
        Salt: { Type: 'AWS::SecretsManager::Secret', Properties: { GenerateSecretString: { PasswordLength: 64 } } },
        OnDrop: { Type: 'AWS::Lambda::Function', Properties: { MemorySize: 512 } },
      },
      Outputs: { FilesName: { Export: { Name: 'data:FilesName' } } },
    },
  };
}

const before: Inventory = inventoryOf(shop());

/** What is said of an upgrade to the version that `change` makes of the first one. */
// biome-ignore lint/suspicious/noExplicitAny: templates are changed in ways that their types do not allow
function problemsOf(change: (template: any) => void): string[] {
  const next = shop();
  change(next.data);
  return upgradeProblems(before, inventoryOf(next));
}

describe('an upgrade', () => {
  test('may add state, indexes and exports, and change or remove what holds none', () => {
    const problems = problemsOf(({ Resources, Outputs }) => {
      Resources.More = { Type: 'AWS::S3::Bucket' };
      Resources.Orders.Properties.AttributeDefinitions.push({ AttributeName: 'day', AttributeType: 'N' });
      Resources.Orders.Properties.GlobalSecondaryIndexes = [{ IndexName: 'byDay' }];
      delete Resources.OnDrop;
      Outputs.More = { Export: { Name: 'data:More' } };
    });
    expect(problems).toEqual([]);
  });

  test.each<[string, Parameters<typeof problemsOf>[0], string]>([
    ['loses a bucket', ({ Resources }) => delete Resources.Files, 'data/Files (AWS::S3::Bucket) is gone: '],
    [
      'moves a table to another id',
      ({ Resources }) => {
        Resources.Purchases = Resources.Orders;
        delete Resources.Orders;
      },
      'data/Orders (AWS::DynamoDB::Table) is gone: ',
    ],
    [
      "changes the type of a table's key",
      ({ Resources }) => {
        Resources.Orders.Properties.AttributeDefinitions[0].AttributeType = 'N';
      },
      'data/Orders (AWS::DynamoDB::Table) would be replaced: key was "HASH customer S" and is "HASH customer N"',
    ],
    [
      'names a table that had no name',
      ({ Resources }) => {
        Resources.Orders.Properties.TableName = 'orders';
      },
      'data/Orders (AWS::DynamoDB::Table) would be replaced: TableName was undefined and is "orders"',
    ],
    [
      'generates a secret anew',
      ({ Resources }) => {
        Resources.Salt.Properties.GenerateSecretString.PasswordLength = 32;
      },
      'data/Salt (AWS::SecretsManager::Secret) would be replaced: GenerateSecretString was {"PasswordLength":64}',
    ],
    [
      'lets a bucket go with its stack',
      ({ Resources }) => {
        Resources.Files.DeletionPolicy = 'Delete';
      },
      'data/Files (AWS::S3::Bucket) is no longer retained',
    ],
    [
      'makes something else of a table',
      ({ Resources }) => {
        Resources.Orders = { ...Resources.Files };
      },
      'data/Orders was AWS::DynamoDB::Table and is AWS::S3::Bucket: it would be replaced',
    ],
    ['takes an export away', ({ Outputs }) => delete Outputs.FilesName, 'the export data:FilesName is gone: '],
  ])('that %s is told of', (_, change, problem) => {
    expect(problemsOf(change)[0]).toContain(problem);
  });
});
