import { S3Error } from './errors.ts';
import type { OperationName, Target } from './routing.ts';

/** One permission that a call needs. */
export interface AuthorizationRequest {
  readonly accessKeyId: string;
  /** Such as `s3:GetObject`. */
  readonly action: string;
  /** An ARN; `*` for ListAllMyBuckets. */
  readonly resource: string;
  /** Condition keys of the request, such as `s3:prefix`. */
  readonly context: Readonly<Record<string, string>>;
  /** What S3 does with the key of an encrypted bucket, in the caller's name. */
  readonly keyActions: readonly KeyAction[];
}

export type KeyAction = 'kms:Decrypt' | 'kms:GenerateDataKey';

/** Answers by returning, or refuses by throwing an error whose `code` is `AccessDeniedException`; its message is shown to the caller. */
export type Authorize = (request: AuthorizationRequest) => void | Promise<void>;

export const allowAll: Authorize = () => {};

export type Permission = Omit<AuthorizationRequest, 'accessKeyId'>;

/**
 * The permission that an operation needs on its target ("Required permissions for Amazon S3 API operations", S3 User Guide). CopyObject also
 * reads its source, and DeleteObjects needs `deletePermission` for each key: for those two this is only the part that the target decides.
 * Keys: S3 User Guide, "Using server-side encryption with AWS KMS keys", permissions; a put in parts also decrypts ("Multipart upload API and
 * permissions"), and HeadObject does when it is asked for the checksum.
 */
export function requiredPermission(
  operation: OperationName,
  { bucket, key, query }: Target,
  headers: Readonly<Record<string, string>> = {},
): Permission | undefined {
  const object = (action: string, ...keyActions: KeyAction[]) => ({
    action,
    resource: objectArn(bucket, key),
    context: {},
    keyActions,
  });
  const ofBucket = (action: string, context: Record<string, string> = {}) => ({
    action,
    resource: `arn:aws:s3:::${bucket}`,
    context,
    keyActions: [],
  });
  switch (operation) {
    case 'ListBuckets':
      return { action: 's3:ListAllMyBuckets', resource: '*', context: {}, keyActions: [] };
    case 'CreateBucket':
      return ofBucket('s3:CreateBucket');
    case 'HeadBucket':
      return ofBucket('s3:ListBucket');
    case 'ListObjectsV2':
      return ofBucket('s3:ListBucket', listContext(query));
    case 'ListObjectVersions':
      return ofBucket('s3:ListBucketVersions', listContext(query));
    case 'GetObject':
      return readPermission(bucket, key, query.get('versionId'));
    case 'HeadObject':
      return {
        ...readPermission(bucket, key, query.get('versionId')),
        keyActions: headers['x-amz-checksum-mode'] === 'ENABLED' ? ['kms:Decrypt'] : [],
      };
    case 'DeleteObject':
      return deletePermission(bucket, key, query.get('versionId'));
    case 'PutObject':
    case 'CopyObject':
      return object('s3:PutObject', 'kms:GenerateDataKey');
    case 'CreateMultipartUpload':
    case 'UploadPart':
    case 'CompleteMultipartUpload':
      return object('s3:PutObject', 'kms:GenerateDataKey', 'kms:Decrypt');
    case 'AbortMultipartUpload':
      return object('s3:AbortMultipartUpload');
    case 'ListParts':
      return object('s3:ListMultipartUploadParts');
    case 'DeleteObjects':
      return undefined;
  }
}

export function readPermission(bucket: string, key: string, versionId: string | undefined): Permission {
  return {
    action: versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion',
    resource: objectArn(bucket, key),
    context: {},
    keyActions: ['kms:Decrypt'],
  };
}

export function deletePermission(bucket: string, key: string, versionId: string | undefined): Permission {
  return {
    action: versionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion',
    resource: objectArn(bucket, key),
    context: {},
    keyActions: [],
  };
}

function objectArn(bucket: string, key: string): string {
  return `arn:aws:s3:::${bucket}/${key}`;
}

function listContext(query: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries(
    ['prefix', 'delimiter', 'max-keys'].flatMap((name) =>
      query.has(name) ? [[`s3:${name}`, query.get(name) ?? '']] : [],
    ),
  );
}

/** Turns the hook's refusal into S3's. Other errors pass: a failing hook is no refusal. */
export function asAccessDenied(error: unknown): unknown {
  if (!(error instanceof Error) || (error as { code?: unknown }).code !== 'AccessDeniedException') return error;
  return new S3Error('AccessDenied', error.message, { cause: error });
}
