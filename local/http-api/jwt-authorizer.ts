import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import { z } from 'zod';

/**
 * A JWT authorizer of an HTTP API.
 * Source: API Gateway developer guide, "Control access to HTTP APIs with JWT authorizers": RSA signature by a key of the issuer's jwks_uri;
 * iss; aud, or client_id where there is no aud; exp, nbf, iat; at least one of the route's scopes in `scope` or `scp`.
 */
export interface JwtAuthorizerOptions {
  readonly issuer: string;
  readonly audiences: readonly string[];
  /** Where the token stands; `$request.header.NAME` or `$request.querystring.NAME`. */
  readonly identitySources: readonly string[];
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

export interface Authorization {
  /** Claims as text, as API Gateway hands them to a function. */
  readonly claims: Readonly<Record<string, string>>;
  readonly scopes: readonly string[] | null;
}

/** No token, or one that does not hold: 401. */
export class UnauthorizedError extends Error {
  override readonly name = 'UnauthorizedError';
  readonly code = 'UNAUTHORIZED';
  readonly retryable = false;
}

/** A good token without the scope that the route asks for: 403. */
export class InsufficientScopeError extends Error {
  override readonly name = 'InsufficientScopeError';
  readonly code = 'INSUFFICIENT_SCOPE';
  readonly retryable = false;
}

export interface TokenSource {
  header(name: string): string | undefined;
  query(name: string): string | undefined;
}

const ALGORITHMS = ['RS256', 'RS384', 'RS512'];
const discoverySchema = z.object({ jwks_uri: z.url() });

export class JwtAuthorizer {
  readonly #options: JwtAuthorizerOptions;
  #keys: Promise<ReturnType<typeof createRemoteJWKSet>> | undefined;

  constructor(options: JwtAuthorizerOptions) {
    this.#options = options;
  }

  /** @throws UnauthorizedError, InsufficientScopeError */
  async authorize(source: TokenSource, routeScopes: readonly string[]): Promise<Authorization> {
    const claims = await this.#verify(this.#token(source));
    const scopes = scopesOf(claims);
    if (routeScopes.length > 0 && !routeScopes.some((scope) => scopes.includes(scope))) {
      throw new InsufficientScopeError(`insufficient_scope: the route asks for one of ${routeScopes.join(', ')}`);
    }
    const text = Object.entries(claims).map(([name, value]) => [name, claimText(value)]);
    return { claims: Object.fromEntries(text), scopes: routeScopes.length > 0 ? [...routeScopes] : null };
  }

  #token(source: TokenSource): string {
    for (const place of this.#options.identitySources) {
      const [, kind, name = ''] = /^\$request\.(header|querystring)\.(.+)$/.exec(place) ?? [];
      const value = kind === 'header' ? source.header(name.toLowerCase()) : source.query(name);
      if (value) return value.replace(/^Bearer /i, '');
    }
    throw new UnauthorizedError('there is no token');
  }

  async #verify(token: string): Promise<JWTPayload> {
    const { issuer, audiences, clock } = this.#options;
    const nowMs = clock();
    const keys = await this.#issuerKeys();
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        algorithms: ALGORITHMS,
        currentDate: new Date(nowMs),
      });
      const named = payload.aud ?? payload['client_id'];
      const audience = Array.isArray(named) ? named : [named];
      if (!audience.some((one) => typeof one === 'string' && audiences.includes(one))) {
        throw new UnauthorizedError('the token does not have a valid audience');
      }
      if (payload.exp === undefined) throw new UnauthorizedError('the token has no expiry');
      if (payload.iat !== undefined && payload.iat * 1000 > nowMs)
        throw new UnauthorizedError('the token is from the future');
      return payload;
    } catch (cause) {
      if (cause instanceof errors.JOSEError) throw new UnauthorizedError(cause.message, { cause });
      throw cause;
    }
  }

  /** The issuer is asked once; its keys are cached by the key set. */
  #issuerKeys(): Promise<ReturnType<typeof createRemoteJWKSet>> {
    this.#keys ??= discoverKeys(this.#options.issuer).catch((cause: unknown) => {
      this.#keys = undefined;
      throw new UnauthorizedError('OIDC discovery endpoint communication error', { cause });
    });
    return this.#keys;
  }
}

async function discoverKeys(issuer: string): Promise<ReturnType<typeof createRemoteJWKSet>> {
  const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  const { jwks_uri } = discoverySchema.parse(await response.json());
  return createRemoteJWKSet(new URL(jwks_uri));
}

function scopesOf(claims: JWTPayload): string[] {
  const scope = claims['scope'] ?? claims['scp'];
  if (Array.isArray(scope)) return scope.map(String);
  return typeof scope === 'string' ? scope.split(' ') : [];
}

/** Lists as `[a b]`, everything else as text. */
function claimText(value: unknown): string {
  return Array.isArray(value) ? `[${value.join(' ')}]` : String(value);
}
