import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Bucket, CfnBucket } from 'aws-cdk-lib/aws-s3';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { acknowledgePattern, attributeInFindings } from './acknowledgements.ts';

/** A folder of the data bucket, e.g. `lake/`. */
export type Prefix = `${string}/`;

/** What a role may do under which folders of the data bucket. */
export interface ObjectAccess {
  /** Get, and Head, of the current version. */
  readonly read?: readonly Prefix[];
  /** Get, and Head, of any version. */
  readonly readVersions?: readonly Prefix[];
  /** Put, each object whole; never delete. */
  readonly write?: readonly Prefix[];
  /** Put, whole or in parts: for services of AWS, which choose for themselves. */
  readonly writeInParts?: readonly Prefix[];
  readonly list?: readonly Prefix[];
  /** Be told of a key that can be read but does not exist that it does not (404): S3 else answers as to a stranger (403). */
  readonly tellAbsence?: boolean;
}

/** The actions of DynamoDB that Kindred uses: single items, batches and queries; no scans, no deletes of single items. */
export type TableAction = 'GetItem' | 'BatchGetItem' | 'Query' | 'PutItem' | 'UpdateItem' | 'BatchWriteItem';

const tableWrites: readonly TableAction[] = ['PutItem', 'UpdateItem', 'BatchWriteItem'];

export function allow(role: iam.Role, actions: readonly string[], resources: readonly string[]): void {
  role.addToPrincipalPolicy(new iam.PolicyStatement({ actions: [...actions], resources: [...resources] }));
}

/** Access to folders of an encrypted bucket, with the use of its key that this implies. */
export function allowObjects(role: iam.Role, bucket: Bucket, key: IKey, access: ObjectAccess): void {
  const { read = [], readVersions = [], write = [], writeInParts = [], list = [], tellAbsence = false } = access;
  allowUnder(role, bucket, ['s3:GetObject'], [...read, ...readVersions]);
  allowUnder(role, bucket, ['s3:GetObjectVersion'], readVersions);
  allowUnder(role, bucket, ['s3:PutObject'], [...write, ...writeInParts]);
  allowUnder(role, bucket, ['s3:AbortMultipartUpload', 's3:ListMultipartUploadParts'], writeInParts);
  if (list.length > 0) allowListing(role, bucket, { StringLike: { 's3:prefix': list.map((prefix) => `${prefix}*`) } });
  // S3 asks for the permission to list, without a prefix, before it says of a key that nothing is stored there.
  if (tellAbsence) allowListing(role, bucket, { Null: { 's3:prefix': 'true' } });
  // A put in parts is decrypted and encrypted again when it is completed (AWS KMS: "multipart upload with SSE-KMS").
  if (read.length + readVersions.length + writeInParts.length > 0) allow(role, ['kms:Decrypt'], [key.keyArn]);
  if (write.length + writeInParts.length > 0) allow(role, ['kms:GenerateDataKey'], [key.keyArn]);
}

function allowListing(role: iam.Role, bucket: Bucket, conditions: iam.Conditions): void {
  role.addToPrincipalPolicy(
    new iam.PolicyStatement({ actions: ['s3:ListBucket'], resources: [bucket.bucketArn], conditions }),
  );
}

function allowUnder(role: iam.Role, bucket: Bucket, actions: readonly string[], prefixes: readonly Prefix[]): void {
  if (prefixes.length === 0) return;
  allow(
    role,
    actions,
    prefixes.map((prefix) => bucket.arnForObjects(`${prefix}*`)),
  );
  const arn = attributeInFindings(role, bucket.node.defaultChild as CfnBucket, 'Arn');
  for (const prefix of prefixes) {
    acknowledgePattern(
      role,
      `${arn}/${prefix}*`,
      `The objects under ${prefix} only; their keys are not known beforehand.`,
    );
  }
}

/** Access to a table that is encrypted with `key`. */
export function allowTable(role: iam.Role, table: ITable, key: IKey, actions: readonly TableAction[]): void {
  allow(
    role,
    actions.map((action) => `dynamodb:${action}`),
    [table.tableArn],
  );
  allow(role, ['kms:Decrypt', 'kms:DescribeKey'], [key.keyArn]);
  if (actions.some((action) => tableWrites.includes(action))) {
    allow(role, ['kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'], [key.keyArn]);
  }
}

export function allowSecret(role: iam.Role, secret: ISecret, key: IKey): void {
  allow(role, ['secretsmanager:GetSecretValue'], [secret.secretArn]);
  allow(role, ['kms:Decrypt'], [key.keyArn]);
}

/** For roles that trace, deliver logs of a service, write metrics or sign in to a registry: for these AWS takes no resource but `*`. */
export function acknowledgeUnscopedActions(role: iam.Role): void {
  acknowledgePattern(
    role,
    '*',
    'Tracing, log delivery, metrics and registry sign-in take no resource: AWS allows nothing but *.',
  );
}
