import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';
import { readOrCreate } from '../credentials.ts';
import { type Listening, listen } from '../listening.ts';

const ALGORITHM = 'RS256';
const KEY_ID = 'embedded-cloud';

export interface Issuer extends Listening {
  /** A token with these scopes. */
  sign(subject: string, scopes: readonly string[], audience: string, lifetimeSeconds: number): Promise<string>;
}

/**
 * An OpenID Connect issuer: the discovery document and keys that a JWT authorizer asks for (OpenID Connect Discovery 1.0, section 4), and tokens
 * for the owner of the cloud. Its key stays in the data folder, so that tokens outlive a restart on the same port.
 */
export async function startIssuer(keyFolder: string, port: number, clock: () => number): Promise<Issuer> {
  const privateJwk: JWK = JSON.parse(await readOrCreate(keyFolder, 'issuer.jwk', newPrivateKey));
  const { kty, n, e } = privateJwk;
  const keySet = JSON.stringify({ keys: [{ kty, n, e, alg: ALGORITHM, use: 'sig', kid: KEY_ID }] });
  const privateKey = await importJWK(privateJwk, ALGORITHM);
  const server = createServer((request, response) => {
    const body = request.method === 'GET' ? documents[request.url ?? ''] : undefined;
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(body?.() ?? '{}');
  });
  const listening = await listen(server, port, 'the token issuer');
  const issuer = listening.url;
  const documents: Readonly<Record<string, () => string>> = {
    '/.well-known/jwks.json': () => keySet,
    '/.well-known/openid-configuration': () =>
      JSON.stringify({
        issuer,
        jwks_uri: `${issuer}/.well-known/jwks.json`,
        id_token_signing_alg_values_supported: [ALGORITHM],
        response_types_supported: ['token'],
        subject_types_supported: ['public'],
      }),
  };
  return {
    ...listening,
    sign: (subject, scopes, audience, lifetimeSeconds) => {
      const nowSeconds = Math.floor(clock() / 1000);
      return new SignJWT({ scope: scopes.join(' ') })
        .setProtectedHeader({ alg: ALGORITHM, kid: KEY_ID })
        .setIssuer(issuer)
        .setSubject(subject)
        .setAudience(audience)
        .setIssuedAt(nowSeconds)
        .setExpirationTime(nowSeconds + lifetimeSeconds)
        .sign(privateKey);
    },
  };
}

async function newPrivateKey(): Promise<string> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { modulusLength: 2048, extractable: true });
  return JSON.stringify(await exportJWK(privateKey));
}
