import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Issuer, startIssuer } from './issuer.ts';
import { InsufficientScopeError, JwtAuthorizer, UnauthorizedError } from './jwt-authorizer.ts';

const NOW_MS = Date.parse('2026-01-01T00:00:00Z');
let folder: string;
let issuer: Issuer;
let nowMs = NOW_MS;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kindred-issuer-'));
  issuer = await startIssuer(folder, 0, () => NOW_MS);
});

afterAll(async () => {
  await issuer.close();
  await rm(folder, { recursive: true });
});

function authorizer(audiences: readonly string[] = ['kindred']): JwtAuthorizer {
  return new JwtAuthorizer({
    issuer: issuer.url,
    audiences,
    identitySources: ['$request.header.Authorization'],
    clock: () => nowMs,
  });
}

const bearing = (token: string | undefined) => ({
  header: (name: string) => (name === 'authorization' ? token : undefined),
  query: () => undefined,
});

describe('a JWT authorizer of an HTTP API', () => {
  it('lets a token with one of the route’s scopes through, and hands its claims on as text', async () => {
    const token = await issuer.sign('reader', ['kindred/segments:read', 'x'], 'kindred', 60);
    const expected = {
      claims: {
        aud: 'kindred',
        exp: String(NOW_MS / 1000 + 60),
        iat: String(NOW_MS / 1000),
        iss: issuer.url,
        scope: 'kindred/segments:read x',
        sub: 'reader',
      },
      scopes: ['kindred/segments:read', 'kindred/admin'],
    };
    const scopes = ['kindred/segments:read', 'kindred/admin'];
    await expect(authorizer().authorize(bearing(`Bearer ${token}`), scopes)).resolves.toEqual(expected);
    await expect(authorizer().authorize(bearing(token), scopes)).resolves.toEqual(expected);
  });

  it('asks for no scope where the route names none', async () => {
    const token = await issuer.sign('reader', [], 'kindred', 60);
    await expect(authorizer().authorize(bearing(token), [])).resolves.toMatchObject({ scopes: null });
  });

  it('is 403 for a good token without the scope', async () => {
    const token = await issuer.sign('reader', ['kindred/segments:read'], 'kindred', 60);
    await expect(authorizer().authorize(bearing(token), ['kindred/admin'])).rejects.toThrow(InsufficientScopeError);
  });

  it('is 401 for no token, another audience, an expired one, one that was tampered with, and another key', async () => {
    const token = await issuer.sign('reader', [], 'kindred', 60);
    const [header = '', , signature = ''] = token.split('.');
    const forged = Buffer.from(JSON.stringify({ iss: issuer.url, aud: 'kindred', exp: NOW_MS / 1000 + 60 })).toString(
      'base64url',
    );
    const strangerKey = await generateKeyPair('RS256', { extractable: true });
    const stranger = await new SignJWT({})
      .setProtectedHeader({ alg: 'RS256', kid: 'embedded-cloud' })
      .setIssuer(issuer.url)
      .setAudience('kindred')
      .setExpirationTime(NOW_MS / 1000 + 60)
      .sign(strangerKey.privateKey);
    for (const bad of [undefined, 'nonsense', `${header}.${forged}.${signature}`, stranger]) {
      await expect(authorizer().authorize(bearing(bad), [])).rejects.toThrow(UnauthorizedError);
    }
    await expect(authorizer(['other']).authorize(bearing(token), [])).rejects.toThrow(
      'the token does not have a valid audience',
    );
    nowMs = NOW_MS + 61_000;
    await expect(authorizer().authorize(bearing(token), [])).rejects.toThrow(UnauthorizedError);
    nowMs = NOW_MS;
  });

  it('refuses tokens signed with the public key as a shared secret', async () => {
    const { keys } = (await (await fetch(`${issuer.url}/.well-known/jwks.json`)).json()) as { keys: { n: string }[] };
    const secret = new TextEncoder().encode(keys[0]!.n);
    const token = await new SignJWT({})
      .setProtectedHeader({ alg: 'HS256', kid: 'embedded-cloud' })
      .setIssuer(issuer.url)
      .setAudience('kindred')
      .setExpirationTime(NOW_MS / 1000 + 60)
      .sign(secret);
    await expect(authorizer().authorize(bearing(token), [])).rejects.toThrow(UnauthorizedError);
  });

  it('takes client_id for the audience where there is no aud, as Cognito’s access tokens have it', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
    const { createServer } = await import('node:http');
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS256' };
    const server = createServer((request, response) => {
      const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
      response.end(
        JSON.stringify(request.url === '/keys' ? { keys: [jwk] } : { issuer: url, jwks_uri: `${url}/keys` }),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
    const token = await new SignJWT({ client_id: 'app', scope: 'a' })
      .setProtectedHeader({ alg: 'RS256', kid: 'k' })
      .setIssuer(url)
      .setExpirationTime(NOW_MS / 1000 + 60)
      .sign(privateKey);
    const cognito = new JwtAuthorizer({
      issuer: url,
      audiences: ['app'],
      identitySources: ['$request.header.Authorization'],
      clock: () => NOW_MS,
    });
    await expect(cognito.authorize(bearing(token), ['a'])).resolves.toMatchObject({ claims: { client_id: 'app' } });
    server.close();
    server.closeAllConnections();
  });

  it('is 401 while the issuer cannot be asked', async () => {
    const lost = new JwtAuthorizer({
      issuer: 'http://127.0.0.1:1',
      audiences: ['kindred'],
      identitySources: ['$request.header.Authorization'],
      clock: () => NOW_MS,
    });
    await expect(lost.authorize(bearing('a.b.c'), [])).rejects.toThrow('OIDC discovery endpoint communication error');
  });
});
