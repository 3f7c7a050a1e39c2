import type { Json } from '../template/intrinsics.ts';
import type { CloudResource } from '../template/resolved-template.ts';

/** Where a type's properties name the key that encrypts it. */
const KEY_PATHS: Readonly<Record<string, readonly (string | number)[]>> = {
  'AWS::S3::Bucket': [
    'BucketEncryption',
    'ServerSideEncryptionConfiguration',
    0,
    'ServerSideEncryptionByDefault',
    'KMSMasterKeyID',
  ],
  'AWS::DynamoDB::Table': ['SSESpecification', 'KMSMasterKeyId'],
  'AWS::DynamoDB::GlobalTable': ['Replicas', 0, 'SSESpecification', 'KMSMasterKeyId'],
  'AWS::SecretsManager::Secret': ['KmsKeyId'],
  'AWS::SNS::Topic': ['KmsMasterKeyId'],
  'AWS::SQS::Queue': ['KmsMasterKeyId'],
};

/** ARN of each resource that a key of the template encrypts -> that key's ARN. AWS's own keys ask nobody for a permission. */
export function encryptionKeys(resources: readonly CloudResource[]): Record<string, string> {
  const keys = new Map<string, string>();
  for (const { type, ref, attributes } of resources) {
    if (type === 'AWS::KMS::Key') keys.set(ref, attributes['Arn']!).set(attributes['Arn']!, attributes['Arn']!);
  }
  for (const { type, ref, properties } of resources) {
    if (type === 'AWS::KMS::Alias') keys.set(ref, keys.get(String(properties['TargetKeyId']))!);
  }
  const encrypted: Record<string, string> = {};
  for (const { type, ref, attributes, properties } of resources) {
    const path = KEY_PATHS[type];
    const key = path && keys.get(String(at(properties, path)));
    if (key !== undefined) encrypted[attributes['Arn'] ?? ref] = key;
  }
  return encrypted;
}

function at(value: unknown, path: readonly (string | number)[]): Json | undefined {
  let found = value as Record<string | number, unknown> | undefined;
  for (const step of path) found = found?.[step] as typeof found;
  return found as Json | undefined;
}
