/** What happens to objects, told after it has become durable. Field meanings: "EventBridge event message structure" (S3 User Guide). */
interface ObjectEvent {
  readonly bucket: string;
  readonly key: string;
  /** Undefined in a bucket that was never versioned. */
  readonly versionId: string | undefined;
  /** Orders the events of a key: greater is later, as text of equal length. */
  readonly sequencer: string;
  readonly atMs: number;
}

export interface ObjectCreated extends ObjectEvent {
  readonly type: 'ObjectCreated';
  readonly reason: 'PutObject' | 'CompleteMultipartUpload' | 'CopyObject';
  readonly sizeBytes: number;
  /** Without quotes. */
  readonly etag: string;
}

export interface ObjectDeleted extends ObjectEvent {
  readonly type: 'ObjectDeleted';
  readonly reason: 'DeleteObject';
  readonly deletionType: 'Permanently Deleted' | 'Delete Marker Created';
}

export type S3Event = ObjectCreated | ObjectDeleted;
