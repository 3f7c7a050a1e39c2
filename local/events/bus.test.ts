import { expect, it } from 'vitest';
import { EventBus, type EventBusOptions } from './bus.ts';
import { compilePattern } from './pattern.ts';
import type { Rule } from './rules.ts';
import { parseSchedule } from './schedule.ts';

const START_MS = Date.parse('2026-01-01T00:00:00Z');

/** A bus in a world whose time goes on only when told to. */
function world(rules: readonly Rule[], overrides: Partial<EventBusOptions> = {}) {
  const delivered: { target: string; payload: { [name: string]: unknown }; deliveryId: string }[] = [];
  const queued: { queue: string; body: string; attributes: Readonly<Record<string, string>> }[] = [];
  const timers: { dueMs: number; action: () => void }[] = [];
  let nowMs = START_MS;
  let ids = 0;
  const bus = new EventBus({
    region: 'us-east-1',
    accountId: '000000000000',
    rules,
    deliver: async (target, payload, deliveryId) => {
      delivered.push({ target, payload: JSON.parse(payload), deliveryId });
    },
    sendToQueue: async (queue, body, attributes) => {
      queued.push({ queue, body, attributes });
    },
    onLostEvent: () => {},
    clock: () => nowMs,
    uuid: () => `id-${ids++}`,
    after: (delayMs, action) => {
      const timer = { dueMs: nowMs + delayMs, action };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer), 1);
    },
    ...overrides,
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const passTo = async (timeMs: number): Promise<void> => {
    for (;;) {
      const due = timers.filter((timer) => timer.dueMs <= timeMs).sort((a, b) => a.dueMs - b.dueMs)[0];
      if (due === undefined) break;
      timers.splice(timers.indexOf(due), 1);
      nowMs = due.dueMs;
      due.action();
    }
    nowMs = timeMs;
    await settle();
  };
  return { bus, delivered, queued, timers, passTo, settle };
}

const made = { source: 'shop', detailType: 'made', detail: { n: 1 }, resources: [], atMs: START_MS + 1_234 };

it('delivers an event to every target of every rule that matches, each under an id of its own', async () => {
  const { bus, delivered, settle } = world([
    {
      arn: 'rule/a',
      matches: compilePattern({ source: ['shop'] }),
      targets: [
        { arn: 'x', input: {} },
        { arn: 'y', input: { inputPath: '$.detail' } },
      ],
    },
    { arn: 'rule/b', matches: compilePattern({ source: ['other'] }), targets: [{ arn: 'z', input: {} }] },
  ]);
  expect(bus.put(made)).toBe('id-0');
  await settle();
  expect(delivered.map(({ target }) => target)).toEqual(['x', 'y']);
  expect(delivered[0]?.payload).toEqual({
    version: '0',
    id: 'id-0',
    'detail-type': 'made',
    source: 'shop',
    account: '000000000000',
    time: '2026-01-01T00:00:01Z',
    region: 'us-east-1',
    resources: [],
    detail: { n: 1 },
  });
  expect(delivered[1]?.payload).toEqual({ n: 1 });
  expect(delivered[0]?.deliveryId).not.toBe(delivered[1]?.deliveryId);
  expect(delivered[0]?.deliveryId).toMatch(/^id-0_[0-9a-f]{36}$/);
});

it('sends what a target refuses to its dead-letter queue, with the reason', async () => {
  const refusal = Object.assign(new Error('no such function'), { code: 'ResourceNotFoundException' });
  const rule = {
    arn: 'rule/a',
    matches: compilePattern({ source: ['shop'] }),
    targets: [{ arn: 'x', input: {}, deadLetterArn: 'dlq' }],
  };
  const { bus, queued, settle } = world([rule], { deliver: () => Promise.reject(refusal) });
  bus.put(made);
  await settle();
  expect(queued.map(({ queue, attributes }) => ({ queue, attributes }))).toEqual([
    {
      queue: 'dlq',
      attributes: {
        RULE_ARN: 'rule/a',
        TARGET_ARN: 'x',
        ERROR_CODE: 'ResourceNotFoundException',
        ERROR_MESSAGE: 'no such function',
      },
    },
  ]);
});

it('rings a schedule at its times, also beyond the longest timer, until it is closed', async () => {
  const daily: Rule = {
    arn: 'rule/daily',
    schedule: parseSchedule('cron(0 3 1 * ? *)'),
    targets: [{ arn: 'x', input: {} }],
  };
  const { bus, delivered, timers, passTo } = world([daily]);
  bus.startSchedules();
  await passTo(Date.parse('2026-03-01T02:59:59Z'));
  expect(delivered.map(({ payload }) => payload['time'])).toEqual(['2026-01-01T03:00:00Z', '2026-02-01T03:00:00Z']);
  await passTo(Date.parse('2026-03-01T03:00:00Z'));
  expect(delivered[2]?.payload['time']).toBe('2026-03-01T03:00:00Z');
  expect(delivered[2]?.payload).toMatchObject({
    source: 'aws.events',
    'detail-type': 'Scheduled Event',
    resources: ['rule/daily'],
    detail: {},
  });
  bus.close();
  expect(timers).toEqual([]);
});
