/**
 * Verification of AWS Signature Version 4, in the Authorization header and in the query string (presigned URLs).
 * Source: "AWS Signature Version 4 for API requests" (IAM User Guide) and "Authenticating Requests (AWS Signature Version 4)" (S3 API Reference).
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import {
  ALGORITHM,
  type Claim,
  header,
  headerClaim,
  percentEncode,
  queryClaim,
  SignatureError,
  type SignedRequest,
  splitTarget,
} from './signature-claim.ts';

export { SignatureError, type SignedRequest } from './signature-claim.ts';

export interface Credential {
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface VerificationOptions {
  /** Answers undefined for an access key that does not exist. */
  readonly lookupSecret: (accessKeyId: string) => Credential | undefined;
  /** The service of the credential scope: `s3`, `states`, `sagemaker`, … */
  readonly service: string;
  /** Left out, any region is accepted. */
  readonly region?: string;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Hex SHA-256 of the body as received. Services other than S3 give it; S3 signs what `x-amz-content-sha256` declares and checks the body as it streams. */
  readonly bodySha256?: string;
}

export interface VerifiedSignature {
  readonly accessKeyId: string;
  readonly place: 'header' | 'query';
  /** `date/region/service/aws4_request`. */
  readonly scope: string;
  /** `YYYYMMDD'T'HHMMSS'Z'`, as signed. */
  readonly timestamp: string;
  readonly signature: string;
  /** The derived key, with which S3's chunk signatures are made. */
  readonly signingKey: Buffer;
  /** What was signed in the place of the payload's hash: hex SHA-256, `UNSIGNED-PAYLOAD` or `STREAMING-…`. */
  readonly payload: string;
}

const MAX_SKEW_MS = 15 * 60 * 1000;
const MAX_EXPIRES_SECONDS = 7 * 24 * 3600;

/**
 * Verifies that the request was signed with the secret of its access key.
 * @throws SignatureError when it was not, has expired, or carries x-amz-* headers that the signature does not cover.
 */
export function verifySignature(request: SignedRequest, options: VerificationOptions): VerifiedSignature {
  const { path, parameters } = splitTarget(request.url);
  const query = new Map(parameters);
  const authorization = header(request, 'authorization');
  const inQuery = query.has('X-Amz-Algorithm');
  if (authorization !== undefined && inQuery) {
    throw new SignatureError(
      'InvalidArgument',
      'Only one auth mechanism allowed; send the Authorization header or the X-Amz-Algorithm query parameter, not both.',
    );
  }
  if (authorization === undefined && !inQuery) {
    throw new SignatureError(
      'AccessDenied',
      'Access Denied: the request is not signed; sign it with Signature Version 4.',
    );
  }
  const claim = inQuery ? queryClaim(query) : headerClaim(request, authorization ?? '');
  checkScope(claim, options);
  checkTime(claim, query, options.clock());
  const credential = checkCredential(claim, options);
  refuseUnsignedHeaders(claim, request);

  const payload = signedPayload(claim, request, query, options);
  // Node reads header bytes as Latin-1, and all the rest is ASCII: hashed as Latin-1, the bytes are those that were sent.
  const canonical = [
    request.method,
    canonicalPath(path, options.service),
    canonicalQuery(parameters),
    ...claim.signedHeaders.map((name) => `${name}:${canonicalHeader(request, name)}`),
    '',
    claim.signedHeaders.join(';'),
    payload,
  ].join('\n');
  const scope = `${claim.date}/${claim.region}/${claim.service}/aws4_request`;
  const stringToSign = `${ALGORITHM}\n${claim.timestamp}\n${scope}\n${sha256Hex(Buffer.from(canonical, 'latin1'))}`;
  const signingKey = signingKeyOf(credential.secretAccessKey, claim.date, claim.region, claim.service);
  if (!sameText(hmacHex(signingKey, stringToSign), claim.signature)) {
    throw new SignatureError(
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
      { AWSAccessKeyId: claim.accessKeyId, StringToSign: stringToSign, SignatureProvided: claim.signature },
    );
  }
  return {
    accessKeyId: claim.accessKeyId,
    place: claim.place,
    scope,
    timestamp: claim.timestamp,
    signature: claim.signature,
    signingKey,
    payload,
  };
}

export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

export function hmacHex(key: Uint8Array, data: string): string {
  return createHmac('sha256', key).update(data).digest('hex');
}

/** Compares two hex strings in a time that does not depend on where they differ. */
export function sameText(expected: string, actual: string): boolean {
  const a = Buffer.from(expected);
  const b = Buffer.from(actual);
  return a.length === b.length && timingSafeEqual(a, b);
}

function checkScope(claim: Claim, { service, region }: VerificationOptions): void {
  const code = claim.place === 'header' ? 'AuthorizationHeaderMalformed' : 'AuthorizationQueryParametersError';
  const lead =
    claim.place === 'header' ? 'The authorization header is malformed' : 'Error parsing the X-Amz-Credential parameter';
  if (claim.service !== service) {
    throw new SignatureError(
      code,
      `${lead}; incorrect service "${claim.service}". This endpoint belongs to "${service}".`,
    );
  }
  if (region !== undefined && claim.region !== region) {
    throw new SignatureError(code, `${lead}; the region '${claim.region}' is wrong; expecting '${region}'`, {
      Region: region,
    });
  }
  if (!claim.timestamp.startsWith(claim.date)) {
    throw new SignatureError(
      code,
      `${lead}; invalid credential date "${claim.date}": it must be the day of ${claim.timestamp}.`,
    );
  }
}

function checkTime(claim: Claim, query: ReadonlyMap<string, string>, nowMs: number): void {
  const signedAtMs = Date.parse(claim.timestamp.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  const serverTime = new Date(nowMs).toISOString();
  if (claim.place === 'header') {
    if (!(Math.abs(nowMs - signedAtMs) <= MAX_SKEW_MS)) {
      throw new SignatureError(
        'RequestTimeTooSkewed',
        'The difference between the request time and the current time is too large.',
        {
          RequestTime: claim.timestamp,
          ServerTime: serverTime,
          MaxAllowedSkewMilliseconds: String(MAX_SKEW_MS),
        },
      );
    }
    return;
  }
  const expires = query.get('X-Amz-Expires') ?? '';
  const expiresSeconds = Number(expires);
  if (!/^\d+$/.test(expires) || expiresSeconds < 1 || expiresSeconds > MAX_EXPIRES_SECONDS) {
    throw new SignatureError(
      'AuthorizationQueryParametersError',
      `X-Amz-Expires must be a number of seconds from 1 to ${MAX_EXPIRES_SECONDS}, got "${expires}".`,
    );
  }
  if (!(signedAtMs - nowMs <= MAX_SKEW_MS))
    throw new SignatureError('AccessDenied', 'Request is not yet valid', { ServerTime: serverTime });
  if (nowMs > signedAtMs + expiresSeconds * 1000) {
    throw new SignatureError('AccessDenied', 'Request has expired', {
      'X-Amz-Expires': expires,
      Expires: new Date(signedAtMs + expiresSeconds * 1000).toISOString(),
      ServerTime: serverTime,
    });
  }
}

function checkCredential(claim: Claim, { lookupSecret }: VerificationOptions): Credential {
  const credential = lookupSecret(claim.accessKeyId);
  if (credential === undefined || (credential.sessionToken !== undefined && claim.sessionToken === undefined)) {
    throw new SignatureError(
      'InvalidAccessKeyId',
      'The AWS Access Key Id you provided does not exist in our records.',
      {
        AWSAccessKeyId: claim.accessKeyId,
      },
    );
  }
  if (claim.sessionToken !== undefined && !sameText(credential.sessionToken ?? '', claim.sessionToken)) {
    throw new SignatureError('InvalidToken', 'The provided token is malformed or otherwise invalid.');
  }
  return credential;
}

/** "You must include the host header and any x-amz-* headers in the request" (Create a signed AWS API request, step 1). */
function refuseUnsignedHeaders(claim: Claim, request: SignedRequest): void {
  const signed = new Set(claim.signedHeaders);
  const unsigned = Object.keys(request.headers).filter(
    (name) =>
      (name === 'host' || name.startsWith('x-amz-')) && request.headers[name] !== undefined && !signed.has(name),
  );
  if (unsigned.length > 0) {
    throw new SignatureError('AccessDenied', 'There were headers present in the request which were not signed', {
      HeadersNotSigned: unsigned.join(', '),
    });
  }
}

function signedPayload(
  claim: Claim,
  request: SignedRequest,
  query: ReadonlyMap<string, string>,
  options: VerificationOptions,
): string {
  if (options.service !== 's3') {
    if (options.bodySha256 === undefined) {
      throw new TypeError(
        `verifySignature needs bodySha256 for the service "${options.service}"; hash the body before verifying.`,
      );
    }
    return options.bodySha256;
  }
  const declared =
    header(request, 'x-amz-content-sha256') ??
    (claim.place === 'query' ? query.get('X-Amz-Content-Sha256') : undefined);
  if (declared !== undefined) return declared;
  if (claim.place === 'query') return 'UNSIGNED-PAYLOAD';
  throw new SignatureError('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
}

/** S3 encodes each part of the path once; all other services encode the path, as sent, once more. */
function canonicalPath(path: string, service: string): string {
  if (service !== 's3') return path.split('/').map(percentEncode).join('/');
  try {
    return path
      .split('/')
      .map((part) => percentEncode(decodeURIComponent(part)))
      .join('/');
  } catch (cause) {
    throw new SignatureError(
      'InvalidURI',
      "Couldn't parse the specified URI: the path is not percent-encoded UTF-8.",
      {},
      { cause },
    );
  }
}

function canonicalQuery(parameters: readonly (readonly [string, string])[]): string {
  return parameters
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]): [string, string] => [percentEncode(name), percentEncode(value)])
    .sort((a, b) => byText(a[0], b[0]) || byText(a[1], b[1]))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function canonicalHeader(request: SignedRequest, name: string): string {
  const value = request.headers[name] ?? '';
  const values = typeof value === 'string' ? [value] : value;
  return values.map((one) => one.trim().replace(/\s+/g, ' ')).join(',');
}

/** A signing key holds for a day, a region and a service: kept, it is made once for many requests. */
const signingKeys = new Map<string, Buffer>();
const MAX_SIGNING_KEYS = 1_000;

function signingKeyOf(secret: string, date: string, region: string, service: string): Buffer {
  const name = `${secret} ${date} ${region} ${service}`;
  const known = signingKeys.get(name);
  if (known !== undefined) return known;
  const made = [date, region, service, 'aws4_request'].reduce<Buffer>(
    (key, part) => createHmac('sha256', key).update(part).digest(),
    Buffer.from(`AWS4${secret}`),
  );
  if (signingKeys.size >= MAX_SIGNING_KEYS) signingKeys.clear();
  signingKeys.set(name, made);
  return made;
}
