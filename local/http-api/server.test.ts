import { afterEach, expect, test } from 'vitest';
import { type ApiServer, startApiServer } from './server.ts';
import { Throttle } from './throttle.ts';

/** Answers that API Gateway gives without asking a function. */

let server: ApiServer | undefined;
afterEach(() => server?.close());

test('a request beyond the throttle of the stage is 429 in the words of API Gateway, until a token has come in', async () => {
  let nowMs = 0;
  const started = await startApiServer({ accountId: '1', clock: () => nowMs, uuid: () => 'id' }, 0);
  server = started;
  const throttle = new Throttle(1, 2, () => nowMs);
  started.serve({ apiId: 'api', stage: '$default', cors: undefined, audience: undefined, routes: [], throttle }, () => {
    throw new Error('no route, no function');
  });
  const ask = async () => {
    const response = await fetch(`${started.url}/nowhere`);
    return [response.status, await response.json()];
  };
  expect([await ask(), await ask(), await ask()]).toEqual([
    [404, { message: 'Not Found' }],
    [404, { message: 'Not Found' }],
    [429, { message: 'Too Many Requests' }],
  ]);
  nowMs += 1000;
  expect(await ask()).toEqual([404, { message: 'Not Found' }]);
});
