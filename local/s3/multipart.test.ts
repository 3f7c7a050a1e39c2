import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { assembleParts, listParts } from './multipart.ts';
import type { Upload, UploadedPart } from './records.ts';

const FIVE_MIB = 5 * 1024 * 1024;

function uploadOf(upload: Partial<Upload>, ...parts: Partial<UploadedPart>[]) {
  return {
    upload: {
      checksumAlgorithm: 'CRC64NVME',
      checksumType: 'FULL_OBJECT',
      checksumDeclared: false,
      ...upload,
    } as Upload,
    parts: new Map(parts.map((part) => [part.partNumber!, { lastModifiedMs: 0, ...part } as UploadedPart])),
  };
}

const listed = (partNumber: number, etag: string, checksumBase64?: string) => ({ partNumber, etag, checksumBase64 });

// Two parts: 5 MiB of 'a', then 'tail'. Python: hashlib.md5, zlib.crc32, hashlib.sha256.
const A = { partNumber: 1, blob: 'a', sizeBytes: FIVE_MIB, etag: '79b281060d337b9b2b84ccf390adcf74' };
const TAIL = { partNumber: 2, blob: 't', sizeBytes: 4, etag: '7aea2552dfe7eb84b9443b6fc9ba6e01' };

describe('assembleParts', () => {
  it('gives the ETag of the parts’ MD5s and a full-object CRC', () => {
    const open = uploadOf(
      { checksumAlgorithm: 'CRC32' },
      { ...A, checksumBase64: 'r/zBbw==' },
      { ...TAIL, checksumBase64: 'fDe0XQ==' },
    );
    const { etag, sizeBytes, checksum } = assembleParts(open, [listed(1, A.etag), listed(2, TAIL.etag)], {});
    expect(etag).toBe('30dcfd3901d1c613b7fb532281748544-2');
    expect(sizeBytes).toBe(FIVE_MIB + 4);
    expect(checksum).toEqual({ algorithm: 'CRC32', type: 'FULL_OBJECT', value: 'cX+/tw==' });
  });

  it('gives a composite checksum: that of the parts’ checksums, and their number', () => {
    const open = uploadOf(
      { checksumAlgorithm: 'SHA256', checksumType: 'COMPOSITE', checksumDeclared: true },
      { ...A, checksumBase64: 'oplo+tLngqqfIECjXwWtuX7Yl56x9XLIyOp4Y34nXzw=' },
      { ...TAIL, checksumBase64: 'DGL4du8d6oMN6fMsL0tG3W101Q0ViW4J71ovzUrH4dc=' },
    );
    const { checksum } = assembleParts(
      open,
      [
        listed(1, A.etag, 'oplo+tLngqqfIECjXwWtuX7Yl56x9XLIyOp4Y34nXzw='),
        listed(2, TAIL.etag, 'DGL4du8d6oMN6fMsL0tG3W101Q0ViW4J71ovzUrH4dc='),
      ],
      {},
    );
    expect(checksum).toEqual({
      algorithm: 'SHA256',
      type: 'COMPOSITE',
      value: '02fcpk5/QKJNsvzEdkeBlFeIWeYNwKJOAWPjbe9fHIs=-2',
    });
  });

  it('takes the parts listed and leaves the others', () => {
    const { segments, etag } = assembleParts(
      uploadOf({}, { ...A, checksumBase64: '' }, { ...TAIL, checksumBase64: 'AAAAAAAAAAA=' }),
      [listed(2, TAIL.etag)],
      {},
    );
    expect(segments.map(({ blob }) => blob)).toEqual(['t']);
    expect(etag).toBe(`${createHash('md5').update(Buffer.from(TAIL.etag, 'hex')).digest('hex')}-1`);
  });

  it.each([
    [[], 'MalformedXML'],
    [[listed(2, TAIL.etag), listed(1, A.etag)], 'InvalidPartOrder'],
    [[listed(1, A.etag), listed(1, A.etag)], 'InvalidPartOrder'],
    [[listed(1, TAIL.etag)], 'InvalidPart'],
    [[listed(1, A.etag, 'AAAAAAAAAAA=')], 'InvalidPart'],
    [[listed(3, A.etag)], 'InvalidPart'],
    [[listed(2, TAIL.etag), listed(4, A.etag)], 'EntityTooSmall'],
  ])('refuses %j: %s', (list, code) => {
    const open = uploadOf(
      {},
      { ...A, checksumBase64: 'x' },
      { ...TAIL, checksumBase64: 'y' },
      { ...A, partNumber: 4, checksumBase64: 'z' },
    );
    expect(() => assembleParts(open, list, {})).toThrow(expect.objectContaining({ code }));
  });

  it('refuses another size or checksum than expected', () => {
    const open = uploadOf({}, { ...TAIL, checksumBase64: 'AAAAAAAAAAA=' });
    const list = [listed(2, TAIL.etag)];
    expect(assembleParts(open, list, { sizeBytes: 4, checksum: 'AAAAAAAAAAA=' }).sizeBytes).toBe(4);
    expect(() => assembleParts(open, list, { sizeBytes: 5 })).toThrow(
      expect.objectContaining({ code: 'InvalidRequest' }),
    );
    expect(() => assembleParts(open, list, { checksum: 'AAAAAAAAAAE=' })).toThrow(
      expect.objectContaining({ code: 'BadDigest' }),
    );
  });

  it('wants each part’s checksum again when the client chose a composite one', () => {
    const open = uploadOf(
      { checksumAlgorithm: 'SHA256', checksumType: 'COMPOSITE', checksumDeclared: true },
      { ...A, checksumBase64: 'x' },
    );
    expect(() => assembleParts(open, [listed(1, A.etag)], {})).toThrow(
      expect.objectContaining({ code: 'InvalidRequest', message: expect.stringContaining('missing for part 1') }),
    );
  });
});

describe('listParts', () => {
  it('pages by part number, whatever the order of arrival', () => {
    const open = uploadOf({}, { ...A, partNumber: 10 }, { ...A, partNumber: 2 }, { ...A, partNumber: 7 });
    const first = listParts(open, 0, 2);
    expect([first.parts.map(({ partNumber }) => partNumber), first.nextPartNumberMarker]).toEqual([[2, 7], 7]);
    const second = listParts(open, 7, 2);
    expect([second.parts.map(({ partNumber }) => partNumber), second.nextPartNumberMarker]).toEqual([[10], undefined]);
  });
});
