/** What a signed request claims: the reading of Signature Version 4's header and query parameters, before any of it is believed. */

export interface SignedRequest {
  readonly method: string;
  /** The request target as it came on the wire: raw path and query, not normalised. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export type SignatureErrorCode =
  | 'AccessDenied'
  | 'AuthorizationHeaderMalformed'
  | 'AuthorizationQueryParametersError'
  | 'InvalidAccessKeyId'
  | 'InvalidArgument'
  | 'InvalidRequest'
  | 'InvalidToken'
  | 'InvalidURI'
  | 'RequestTimeTooSkewed'
  | 'SignatureDoesNotMatch';

/** A request whose signature was refused. Codes and statuses are S3's; other services translate the code. */
export class SignatureError extends Error {
  override readonly name = 'SignatureError';
  readonly retryable = false;
  readonly code: SignatureErrorCode;
  readonly status: 400 | 403;
  /** Further elements of S3's error document. */
  readonly details: Readonly<Record<string, string>>;

  constructor(
    code: SignatureErrorCode,
    message: string,
    details: Readonly<Record<string, string>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.status = FORBIDDEN.has(code) ? 403 : 400;
    this.details = details;
  }
}

const FORBIDDEN: ReadonlySet<SignatureErrorCode> = new Set([
  'AccessDenied',
  'InvalidAccessKeyId',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
]);

export const ALGORITHM = 'AWS4-HMAC-SHA256';

/** What a request claims, before any of it is believed. */
export interface Claim {
  readonly place: 'header' | 'query';
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly timestamp: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly sessionToken: string | undefined;
}

/** The raw path and the decoded query parameters of a request target. */
export function splitTarget(url: string): { path: string; parameters: [name: string, value: string][] } {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const parameters: [string, string][] = [];
  for (const pair of mark < 0 ? [] : url.slice(mark + 1).split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    parameters.push([percentDecode(name), equals < 0 ? '' : percentDecode(pair.slice(equals + 1))]);
  }
  return { path, parameters };
}

function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', '%20'));
  } catch (cause) {
    throw new SignatureError(
      'InvalidURI',
      "Couldn't parse the specified URI: the query is not percent-encoded UTF-8.",
      {},
      { cause },
    );
  }
}

/** Percent-encodes all but the unreserved characters of RFC 3986. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

export function header(request: SignedRequest, name: string): string | undefined {
  const value = request.headers[name];
  return value === undefined || typeof value === 'string' ? value : value.join(',');
}

export function headerClaim(request: SignedRequest, authorization: string): Claim {
  const malformed = (what: string) =>
    new SignatureError('AuthorizationHeaderMalformed', `The authorization header is malformed; ${what}.`);
  if (!authorization.startsWith(`${ALGORITHM} `)) throw malformed(`the algorithm must be ${ALGORITHM}`);
  const fields = new Map(
    authorization
      .slice(ALGORITHM.length + 1)
      .split(',')
      .map((field): [string, string] => {
        const [name = '', ...rest] = field.trim().split('=');
        return [name, rest.join('=')];
      }),
  );
  const [credential, signedHeaders, signature] = ['Credential', 'SignedHeaders', 'Signature'].map((name) =>
    fields.get(name),
  );
  if (!credential || !signedHeaders || !signature)
    throw malformed('it must hold Credential, SignedHeaders and Signature');
  const timestamp = header(request, 'x-amz-date');
  if (timestamp === undefined || !TIMESTAMP.test(timestamp)) {
    throw new SignatureError(
      'AccessDenied',
      'AWS authentication requires a valid x-amz-date header, such as 20130524T000000Z.',
    );
  }
  const scope = parseCredential(credential);
  if (scope === undefined)
    throw malformed('the Credential must be "<access key>/YYYYMMDD/REGION/SERVICE/aws4_request"');
  return {
    place: 'header',
    ...scope,
    timestamp,
    signedHeaders: signedHeaders.toLowerCase().split(';').sort(),
    signature,
    sessionToken: header(request, 'x-amz-security-token'),
  };
}

export function queryClaim(query: ReadonlyMap<string, string>): Claim {
  const malformed = (what: string) => new SignatureError('AuthorizationQueryParametersError', what);
  if (query.get('X-Amz-Algorithm') !== ALGORITHM) throw malformed(`X-Amz-Algorithm only supports "${ALGORITHM}"`);
  const [credential, timestamp, signedHeaders, signature] = ['Credential', 'Date', 'SignedHeaders', 'Signature'].map(
    (name) => query.get(`X-Amz-${name}`),
  );
  if (!credential || !timestamp || !signedHeaders || !signature || !query.has('X-Amz-Expires')) {
    throw malformed(
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
    );
  }
  if (!TIMESTAMP.test(timestamp))
    throw malformed("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
  const scope = parseCredential(credential);
  if (scope === undefined) {
    throw malformed(
      'Error parsing the X-Amz-Credential parameter; it must be "<access key>/YYYYMMDD/REGION/SERVICE/aws4_request".',
    );
  }
  return {
    place: 'query',
    ...scope,
    timestamp,
    signedHeaders: signedHeaders.toLowerCase().split(';').sort(),
    signature,
    sessionToken: query.get('X-Amz-Security-Token'),
  };
}

const TIMESTAMP = /^\d{8}T\d{6}Z$/;

function parseCredential(text: string): Pick<Claim, 'accessKeyId' | 'date' | 'region' | 'service'> | undefined {
  const match = /^(.+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request$/.exec(text);
  if (match === null) return undefined;
  const [, accessKeyId = '', date = '', region = '', service = ''] = match;
  return { accessKeyId, date, region, service };
}
