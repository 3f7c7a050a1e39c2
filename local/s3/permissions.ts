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
}

/** Answers by returning, or refuses by throwing an error whose `code` is `AccessDenied`; its message is shown to the caller. */
export type Authorize = (request: AuthorizationRequest) => void | Promise<void>;

export const allowAll: Authorize = () => {};

export interface Permission {
  readonly action: string;
  readonly resource: string;
  readonly context: Readonly<Record<string, string>>;
}

/**
 * The permission that an operation needs on its target ("Required permissions for Amazon S3 API operations", S3 User Guide). CopyObject also
 * reads its source, and DeleteObjects needs `deletePermission` for each key: for those two this is only the part that the target decides.
 */
export function requiredPermission(operation: OperationName, { bucket, key, query }: Target): Permission | undefined {
  const object = (action: string) => ({ action, resource: objectArn(bucket, key), context: {} });
  const ofBucket = (action: string, context: Record<string, string> = {}) => ({
    action,
    resource: `arn:aws:s3:::${bucket}`,
    context,
  });
  switch (operation) {
    case 'ListBuckets':
      return { action: 's3:ListAllMyBuckets', resource: '*', context: {} };
    case 'CreateBucket':
      return ofBucket('s3:CreateBucket');
    case 'HeadBucket':
      return ofBucket('s3:ListBucket');
    case 'ListObjectsV2':
      return ofBucket('s3:ListBucket', listContext(query));
    case 'ListObjectVersions':
      return ofBucket('s3:ListBucketVersions', listContext(query));
    case 'GetObject':
    case 'HeadObject':
      return readPermission(bucket, key, query.get('versionId'));
    case 'DeleteObject':
      return deletePermission(bucket, key, query.get('versionId'));
    case 'PutObject':
    case 'CopyObject':
    case 'CreateMultipartUpload':
    case 'UploadPart':
    case 'CompleteMultipartUpload':
      return object('s3:PutObject');
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
  };
}

export function deletePermission(bucket: string, key: string, versionId: string | undefined): Permission {
  return {
    action: versionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion',
    resource: objectArn(bucket, key),
    context: {},
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
  if (error instanceof S3Error || !(error instanceof Error) || (error as { code?: unknown }).code !== 'AccessDenied')
    return error;
  return new S3Error('AccessDenied', error.message, { cause: error });
}
