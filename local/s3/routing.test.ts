import { describe, expect, it } from 'vitest';
import { parseTarget, routeOperation } from './routing.ts';

const route = (method: string, url: string, headers: Record<string, string> = {}) =>
  routeOperation(method, parseTarget(url, '127.0.0.1:9000'), headers);

describe('parseTarget', () => {
  it.each([
    ['/', '', ''],
    ['/bucket', 'bucket', ''],
    ['/bucket/', 'bucket', ''],
    ['/bucket/a/b', 'bucket', 'a/b'],
    ['/bucket/../x/./y//z', 'bucket', '../x/./y//z'],
    ['/bucket/a%20b+c%2F%25%0A%F0%9F%98%80', 'bucket', 'a b+c/%\n\u{1f600}'],
    ['/bucket/k?versionId=1', 'bucket', 'k'],
  ])('%s', (url, bucket, key) => {
    expect(parseTarget(url, '127.0.0.1:9000')).toMatchObject({ bucket, key });
  });

  it('takes the bucket from a host under .localhost', () => {
    expect(parseTarget('/a/b', 'my.bucket.localhost:9000')).toMatchObject({ bucket: 'my.bucket', key: 'a/b' });
  });

  it('takes headers from a presigned query, but neither authentication nor checksums', () => {
    const { query, hoistedHeaders } = parseTarget(
      '/b/k?x-amz-meta-a=1&X-Amz-Signature=s&x-amz-checksum-crc32=AAAAAA%3D%3D&x-amz-checksum-mode=ENABLED&versionId=v',
      'h',
    );
    expect(hoistedHeaders).toEqual({ 'x-amz-meta-a': '1', 'x-amz-checksum-mode': 'ENABLED' });
    expect([...query]).toEqual([['versionId', 'v']]);
  });

  it('measures keys in UTF-8 bytes: 1,024 pass, 1,025 do not', () => {
    const key = encodeURIComponent('\u{1f600}'.repeat(256));
    expect(parseTarget(`/b/${key}`, 'h').key).toBe('\u{1f600}'.repeat(256));
    expect(() => parseTarget(`/b/${key}a`, 'h')).toThrow(expect.objectContaining({ code: 'KeyTooLongError' }));
  });

  it('refuses a path that is not percent-encoded UTF-8', () => {
    for (const url of ['/b/%', '/b/%ff', '/%zz/k'])
      expect(() => parseTarget(url, 'h')).toThrow(expect.objectContaining({ code: 'InvalidURI' }));
  });
});

describe('routeOperation', () => {
  it.each([
    ['GET', '/', 'ListBuckets'],
    ['PUT', '/b', 'CreateBucket'],
    ['HEAD', '/b', 'HeadBucket'],
    ['GET', '/b?list-type=2&prefix=a', 'ListObjectsV2'],
    ['GET', '/b?versions', 'ListObjectVersions'],
    ['POST', '/b?delete', 'DeleteObjects'],
    ['GET', '/b/k?x-id=GetObject', 'GetObject'],
    ['HEAD', '/b/k?versionId=1', 'HeadObject'],
    ['PUT', '/b/k', 'PutObject'],
    ['DELETE', '/b/k', 'DeleteObject'],
    ['POST', '/b/k?uploads', 'CreateMultipartUpload'],
    ['PUT', '/b/k?partNumber=1&uploadId=u', 'UploadPart'],
    ['POST', '/b/k?uploadId=u', 'CompleteMultipartUpload'],
    ['DELETE', '/b/k?uploadId=u', 'AbortMultipartUpload'],
    ['GET', '/b/k?uploadId=u', 'ListParts'],
  ])('%s %s is %s', (method, url, operation) => {
    expect(route(method, url)).toBe(operation);
  });

  it('knows a copy by its source', () => {
    expect(route('PUT', '/b/k', { 'x-amz-copy-source': 'b/j' })).toBe('CopyObject');
  });

  it.each([
    ['GET', '/b?acl', {}, 'acl'],
    ['GET', '/b', {}, 'GET on a bucket'],
    ['DELETE', '/b', {}, 'DELETE on a bucket'],
    ['PUT', '/b?versioning', {}, 'versioning'],
    ['GET', '/b/k?tagging', {}, 'tagging'],
    ['POST', '/b/k?select&select-type=2', {}, 'select'],
    ['PUT', '/b/k?partNumber=1&uploadId=u', { 'x-amz-copy-source': 'b/j' }, 'x-amz-copy-source'],
    ['PUT', '/b/k', { 'x-amz-tagging': 'a=b' }, 'x-amz-tagging'],
    ['PUT', '/b/k', { 'x-amz-acl': 'public-read' }, 'x-amz-acl'],
    ['GET', '/b/k', { 'x-amz-meta-a': 'b' }, 'x-amz-meta-a'],
    ['GET', '/b?list-type=2&optional=1', {}, 'optional'],
  ])('refuses %s %s %j by name', (method, url, headers, name) => {
    expect(() => route(method, url, headers as Record<string, string>)).toThrow(
      expect.objectContaining({ code: 'NotImplemented', status: 501, message: expect.stringContaining(name) }),
    );
  });
});
