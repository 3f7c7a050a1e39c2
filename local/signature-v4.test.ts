import { describe, expect, it } from 'vitest';
import { SignatureError, type SignedRequest, sha256Hex, verifySignature } from './signature-v4.ts';

// The worked examples of the S3 API Reference, "Signature Calculations for the Authorization Header" and "Authenticating Requests: Using Query
// Parameters": their access key, secret, time and signatures.
const ACCESS_KEY = 'AKIAIOSFODNN7EXAMPLE';
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const SIGNED_AT_MS = Date.UTC(2013, 4, 24);
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

const s3 = {
  lookupSecret: (id: string) => (id === ACCESS_KEY ? { secretAccessKey: SECRET } : undefined),
  service: 's3',
  region: 'us-east-1',
  clock: () => SIGNED_AT_MS,
};

function authorization(signedHeaders: string, signature: string): string {
  return `AWS4-HMAC-SHA256 Credential=${ACCESS_KEY}/20130524/us-east-1/s3/aws4_request,SignedHeaders=${signedHeaders},Signature=${signature}`;
}

function s3Example(
  method: string,
  url: string,
  headers: Record<string, string>,
  signed: string,
  signature: string,
): SignedRequest {
  return {
    method,
    url,
    headers: {
      host: 'examplebucket.s3.amazonaws.com',
      'x-amz-date': '20130524T000000Z',
      'x-amz-content-sha256': EMPTY_SHA256,
      ...headers,
      authorization: authorization(signed, signature),
    },
  };
}

const getObject = s3Example(
  'GET',
  '/test.txt',
  { range: 'bytes=0-9' },
  'host;range;x-amz-content-sha256;x-amz-date',
  'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
);

const PRESIGNED =
  '/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request' +
  '&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host' +
  '&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404';
const presigned: SignedRequest = { method: 'GET', url: PRESIGNED, headers: { host: 'examplebucket.s3.amazonaws.com' } };

function refusal(request: SignedRequest, options: Partial<Parameters<typeof verifySignature>[1]> = {}): string {
  try {
    verifySignature(request, { ...s3, ...options });
  } catch (error) {
    if (error instanceof SignatureError) return `${error.status} ${error.code}`;
    throw error;
  }
  return 'accepted';
}

describe('verifySignature', () => {
  it('accepts the published examples of header authentication', () => {
    const examples = [
      getObject,
      s3Example(
        'PUT',
        '/test%24file.text',
        {
          date: 'Fri, 24 May 2013 00:00:00 GMT',
          'x-amz-storage-class': 'REDUCED_REDUNDANCY',
          'x-amz-content-sha256': sha256Hex('Welcome to Amazon S3.'),
        },
        'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
        '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
      ),
      s3Example(
        'GET',
        '/?lifecycle',
        {},
        'host;x-amz-content-sha256;x-amz-date',
        'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
      ),
      s3Example(
        'GET',
        '/?max-keys=2&prefix=J',
        {},
        'host;x-amz-content-sha256;x-amz-date',
        '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
      ),
    ];
    for (const example of examples) {
      expect(verifySignature(example, s3)).toMatchObject({
        accessKeyId: ACCESS_KEY,
        place: 'header',
        scope: '20130524/us-east-1/s3/aws4_request',
      });
    }
  });

  it('accepts the published presigned URL until it expires', () => {
    expect(verifySignature(presigned, s3)).toMatchObject({ place: 'query', payload: 'UNSIGNED-PAYLOAD' });
    expect(refusal(presigned, { clock: () => SIGNED_AT_MS + 86_400_000 })).toBe('accepted');
    expect(refusal(presigned, { clock: () => SIGNED_AT_MS + 86_400_001 })).toBe('403 AccessDenied');
    expect(refusal(presigned, { clock: () => SIGNED_AT_MS - 15 * 60_000 - 1 })).toBe('403 AccessDenied');
  });

  it('accepts a request of another service, whose path is encoded twice and whose body is hashed', () => {
    // botocore 1.44.5: SigV4Auth(Credentials('AKEXAMPLE', 'SKEXAMPLE', 'TOKENEXAMPLE'), 'sagemaker', 'eu-west-1') at 2026-01-02T03:04:05Z.
    const request: SignedRequest = {
      method: 'POST',
      url: '/endpoints/name%20x/invocations?b=2&a=1%2F',
      headers: {
        host: '127.0.0.1:8083',
        'content-type': 'application/json',
        'x-amz-date': '20260102T030405Z',
        'x-amz-security-token': 'TOKENEXAMPLE',
        authorization:
          'AWS4-HMAC-SHA256 Credential=AKEXAMPLE/20260102/eu-west-1/sagemaker/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=5675afe53b03ae147ee3879a3e9189e728649a9de5f65770f702ad0ce7925cb2',
      },
    };
    const options = {
      lookupSecret: () => ({ secretAccessKey: 'SKEXAMPLE', sessionToken: 'TOKENEXAMPLE' }),
      service: 'sagemaker',
      clock: () => Date.UTC(2026, 0, 2, 3, 4, 5),
      bodySha256: sha256Hex('{}'),
    };
    expect(verifySignature(request, options).accessKeyId).toBe('AKEXAMPLE');
    expect(() => verifySignature(request, { ...options, bodySha256: sha256Hex('{ }') })).toThrow(
      expect.objectContaining({ code: 'SignatureDoesNotMatch' }),
    );
    expect(() =>
      verifySignature(request, {
        ...options,
        lookupSecret: () => ({ secretAccessKey: 'SKEXAMPLE', sessionToken: 'ANOTHER' }),
      }),
    ).toThrow(expect.objectContaining({ code: 'InvalidToken' }));
  });

  it('refuses a request that was changed after it was signed', () => {
    const changes: SignedRequest[] = [
      { ...getObject, method: 'DELETE' },
      { ...getObject, url: '/test.txt?versionId=1' },
      { ...getObject, url: '/other.txt' },
      { ...getObject, headers: { ...getObject.headers, range: 'bytes=0-10' } },
      { ...getObject, headers: { ...getObject.headers, host: 'otherbucket.s3.amazonaws.com' } },
      { ...getObject, headers: { ...getObject.headers, 'x-amz-content-sha256': sha256Hex('x') } },
      { ...presigned, url: PRESIGNED.replace('Expires=86400', 'Expires=86401') },
      { ...presigned, url: PRESIGNED.replace('test.txt', 'rest.txt') },
      { ...presigned, url: `${PRESIGNED}&response-content-type=text%2Fhtml` },
    ];
    for (const change of changes) expect(refusal(change)).toBe('403 SignatureDoesNotMatch');
  });

  it('refuses a wrong secret, an unknown key, and a key whose session token is missing', () => {
    expect(refusal(getObject, { lookupSecret: () => ({ secretAccessKey: 'wrong' }) })).toBe(
      '403 SignatureDoesNotMatch',
    );
    expect(refusal(getObject, { lookupSecret: () => undefined })).toBe('403 InvalidAccessKeyId');
    expect(refusal(getObject, { lookupSecret: () => ({ secretAccessKey: SECRET, sessionToken: 't' }) })).toBe(
      '403 InvalidAccessKeyId',
    );
  });

  it('refuses headers that should have been signed and were not', () => {
    expect(refusal({ ...getObject, headers: { ...getObject.headers, 'x-amz-meta-added': 'later' } })).toBe(
      '403 AccessDenied',
    );
    expect(refusal({ ...presigned, headers: { ...presigned.headers, 'x-amz-acl': 'public-read' } })).toBe(
      '403 AccessDenied',
    );
  });

  it('refuses what is unsigned, signed twice, malformed, for elsewhere or for another time', () => {
    const { authorization: signed, ...unsigned } = getObject.headers;
    expect(refusal({ ...getObject, headers: unsigned })).toBe('403 AccessDenied');
    expect(refusal({ ...presigned, headers: { ...presigned.headers, authorization: signed } })).toBe(
      '400 InvalidArgument',
    );
    expect(
      refusal({ ...getObject, headers: { ...getObject.headers, authorization: 'AWS4-HMAC-SHA256 nonsense' } }),
    ).toBe('400 AuthorizationHeaderMalformed');
    expect(refusal({ ...presigned, url: PRESIGNED.replace('&X-Amz-Expires=86400', '') })).toBe(
      '400 AuthorizationQueryParametersError',
    );
    expect(refusal({ ...presigned, url: PRESIGNED.replace('=86400', '=604801') })).toBe(
      '400 AuthorizationQueryParametersError',
    );
    expect(refusal(getObject, { region: 'eu-west-1' })).toBe('400 AuthorizationHeaderMalformed');
    expect(refusal(getObject, { service: 'states', bodySha256: EMPTY_SHA256 })).toBe(
      '400 AuthorizationHeaderMalformed',
    );
    expect(refusal(getObject, { clock: () => SIGNED_AT_MS + 15 * 60_000 })).toBe('accepted');
    expect(refusal(getObject, { clock: () => SIGNED_AT_MS + 15 * 60_000 + 1 })).toBe('403 RequestTimeTooSkewed');
  });
});
