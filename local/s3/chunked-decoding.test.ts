import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifySignature } from '../signature-v4.ts';
import { decodeChunks } from './chunked-decoding.ts';

async function* pieces(body: Buffer, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < body.length; i += pieceBytes) yield body.subarray(i, i + pieceBytes);
}

async function decoded(body: Buffer, options: Parameters<typeof decodeChunks>[1], pieceBytes = 1000) {
  const { chunks, trailers } = decodeChunks(pieces(body, pieceBytes), options);
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return { content: Buffer.concat(parts).toString('latin1'), trailers: Object.fromEntries(trailers) };
}

// S3 API Reference, "Transferring payload in multiple chunks" and "… including trailing headers": 66,560 bytes of 'a' in two chunks.
function seedOf(signedHeaders: string, payload: string, signature: string, more: Record<string, string>) {
  return verifySignature(
    {
      method: 'PUT',
      url: '/examplebucket/chunkObject.txt',
      headers: {
        host: 's3.amazonaws.com',
        'x-amz-date': '20130524T000000Z',
        'x-amz-storage-class': 'REDUCED_REDUNDANCY',
        'content-encoding': 'aws-chunked',
        'x-amz-decoded-content-length': '66560',
        'x-amz-content-sha256': payload,
        ...more,
        authorization: `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=${signedHeaders},Signature=${signature}`,
      },
    },
    {
      lookupSecret: () => ({ secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' }),
      service: 's3',
      clock: () => Date.UTC(2013, 4, 24),
    },
  );
}

function signedBody(signatures: readonly string[], trailer = ''): Buffer {
  const [first, second, last] = signatures;
  return Buffer.from(
    `10000;chunk-signature=${first}\r\n${'a'.repeat(65_536)}\r\n400;chunk-signature=${second}\r\n${'a'.repeat(1024)}\r\n0;chunk-signature=${last}\r\n${trailer}\r\n`,
  );
}

const PLAIN_SIGNATURES = [
  'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
  '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
  'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
];
const TRAILED_SIGNATURES = [
  'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
  '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
  '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
];
const TRAILER =
  'x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n';

const plainSeed = seedOf(
  'content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
  { 'content-length': '66824' },
);
const trailedSeed = seedOf(
  'content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
  '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
  { 'x-amz-trailer': 'x-amz-checksum-crc32c' },
);

describe('decodeChunks', () => {
  it('accepts the published signed upload, cut anywhere', async () => {
    for (const pieceBytes of [1_000_000, 4096, 997]) {
      const { content } = await decoded(
        signedBody(PLAIN_SIGNATURES),
        { seed: plainSeed, announcedTrailers: [] },
        pieceBytes,
      );
      expect(content).toBe('a'.repeat(66_560));
    }
  });

  it('accepts the published signed upload with a trailer', async () => {
    const { content, trailers } = await decoded(signedBody(TRAILED_SIGNATURES, TRAILER), {
      seed: trailedSeed,
      announcedTrailers: ['x-amz-checksum-crc32c'],
    });
    expect(content).toBe('a'.repeat(66_560));
    expect(trailers).toEqual({ 'x-amz-checksum-crc32c': 'sOO8/Q==' });
  });

  it('refuses changed data, a changed trailer, and chunks in another order', async () => {
    const changed = signedBody(PLAIN_SIGNATURES);
    changed[changed.indexOf('aaaa') + 40_000] = 0x62;
    const swapped = signedBody([PLAIN_SIGNATURES[1]!, PLAIN_SIGNATURES[0]!, PLAIN_SIGNATURES[2]!]);
    for (const body of [changed, swapped]) {
      await expect(decoded(body, { seed: plainSeed, announcedTrailers: [] })).rejects.toMatchObject({
        code: 'SignatureDoesNotMatch',
      });
    }
    await expect(
      decoded(signedBody(TRAILED_SIGNATURES, TRAILER.replace('sOO8', 'sOO9')), {
        seed: trailedSeed,
        announcedTrailers: ['x-amz-checksum-crc32c'],
      }),
    ).rejects.toMatchObject({ code: 'SignatureDoesNotMatch' });
  });

  it('decodes unsigned chunks whatever their sizes and cuts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'binary-ascii', minLength: 1 })),
        fc.integer({ min: 1, max: 40 }),
        async (chunks, pieceBytes) => {
          const body = `${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')}0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n`;
          const result = await decoded(
            Buffer.from(body, 'latin1'),
            { seed: undefined, announcedTrailers: ['x-amz-checksum-crc32'] },
            pieceBytes,
          );
          expect(result).toEqual({ content: chunks.join(''), trailers: { 'x-amz-checksum-crc32': 'NhCmhg==' } });
        },
      ),
    );
  });

  it.each([
    ['5\r\nhel', 'IncompleteBody'],
    ['5\r\nhello\r\n', 'IncompleteBody'],
    ['5\r\nhelloworld\r\n0\r\n\r\n', 'IncompleteBody'],
    ['five\r\nhello\r\n0\r\n\r\n', 'IncompleteBody'],
    ['5\r\nhello\r\n0\r\n\r\n', 'MalformedTrailerError'],
    ['5\r\nhello\r\n0\r\nx-amz-checksum-sha1:x\r\n\r\n', 'MalformedTrailerError'],
  ])('refuses %j', async (body, code) => {
    await expect(
      decoded(Buffer.from(body), { seed: undefined, announcedTrailers: ['x-amz-checksum-crc32'] }),
    ).rejects.toMatchObject({ code });
  });
});
