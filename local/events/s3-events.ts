import type { S3Event } from '../s3/events.ts';
import type { EventEntry } from './event.ts';

/** An S3 event as EventBridge carries it. Source: S3 user guide, "EventBridge event message structure". */
export function s3EventEntry(event: S3Event, requestId: string, requester: string): EventEntry {
  const created = event.type === 'ObjectCreated';
  return {
    source: 'aws.s3',
    detailType: created ? 'Object Created' : 'Object Deleted',
    resources: [`arn:aws:s3:::${event.bucket}`],
    atMs: event.atMs,
    detail: {
      version: '0',
      bucket: { name: event.bucket },
      object: {
        key: event.key,
        ...(created ? { size: event.sizeBytes, etag: event.etag } : {}),
        ...(event.versionId === undefined ? {} : { 'version-id': event.versionId }),
        sequencer: event.sequencer,
      },
      'request-id': requestId,
      requester,
      'source-ip-address': '127.0.0.1',
      reason: event.reason,
      ...(created ? {} : { 'deletion-type': event.deletionType }),
    },
  };
}
