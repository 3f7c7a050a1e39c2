import type { ByteRange } from './contents.ts';
import { S3Error } from './errors.ts';

/**
 * The range that a Range header asks for; undefined when there is none to apply: several ranges, another unit, or text that is not a range
 * ("S3 doesn't support retrieving multiple ranges of data per GET request"; RFC 9110, section 14.2, lets a server ignore the field).
 * @throws S3Error InvalidRange when no byte of it exists
 */
export function parseRange(header: string, sizeBytes: number): ByteRange | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header.trim());
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  if (first !== '' && last !== '' && Number(first) > Number(last)) return undefined;
  const start = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes);
  if (start >= end) {
    throw new S3Error('InvalidRange', 'The requested range is not satisfiable', {
      details: { RangeRequested: header, ActualObjectSize: sizeBytes },
      headers: { 'content-range': `bytes */${sizeBytes}` },
    });
  }
  return { start, end };
}
