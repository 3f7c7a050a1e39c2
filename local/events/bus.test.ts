import { expect, it } from 'vitest';
import { PendingWork } from '../pending-work.ts';
import type { DeadLetter } from '../sqs/dead-letter-queues.ts';
import { type Deliver, type Delivery, EventBus, type EventBusOptions } from './bus.ts';
import { compilePattern } from './pattern.ts';
import type { Rule } from './rules.ts';
import { parseSchedule } from './schedule.ts';

const START_MS = Date.parse('2026-01-01T00:00:00Z');

/** A bus in a world whose time goes on only when told to. */
function world(rules: readonly Rule[], overrides: Partial<EventBusOptions & { deliver: Deliver }> = {}) {
  const delivered: { target: string; payload: { [name: string]: unknown }; deliveryId: string }[] = [];
  const queued: (DeadLetter & { ruleArn: string })[] = [];
  const timers: { dueMs: number; action: () => void }[] = [];
  let nowMs = START_MS;
  let ids = 0;
  const bus = new EventBus({
    region: 'us-east-1',
    accountId: '000000000000',
    rules,
    pending: new PendingWork<Delivery>(),
    sendToQueue: async (message, ruleArn) => {
      queued.push({ ...message, ruleArn });
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
  const deliver: Deliver =
    overrides.deliver ??
    (async ({ targetArn, payload }, deliveryId) => {
      delivered.push({ target: targetArn, payload: JSON.parse(payload), deliveryId });
    });
  const start = () => bus.start(deliver);
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
  return { bus, start, delivered, queued, timers, passTo, settle };
}

const made = { source: 'shop', detailType: 'made', detail: { n: 1 }, resources: [], atMs: START_MS + 1_234 };

it('delivers an event to every target of every rule that matches, each under an id of its own', async () => {
  const { bus, start, delivered, settle } = world([
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
  start();
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
  const { bus, start, queued, settle } = world([rule], { deliver: () => Promise.reject(refusal) });
  start();
  bus.put(made);
  await settle();
  expect(queued.map(({ queueArn, ruleArn, attributes }) => ({ queueArn, ruleArn, attributes }))).toEqual([
    {
      queueArn: 'dlq',
      ruleArn: 'rule/a',
      attributes: {
        RULE_ARN: 'rule/a',
        TARGET_ARN: 'x',
        ERROR_CODE: 'ResourceNotFoundException',
        ERROR_MESSAGE: 'no such function',
      },
    },
  ]);
});

it('rings a schedule at its times, also beyond the longest timer, until it is stopped', async () => {
  const daily: Rule = {
    arn: 'rule/daily',
    schedule: parseSchedule('cron(0 3 1 * ? *)'),
    targets: [{ arn: 'x', input: {} }],
  };
  const { bus, start, delivered, timers, passTo } = world([daily]);
  start();
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
  bus.stop();
  expect(timers).toEqual([]);
});

it('keeps what it accepted until a target has taken it, over the death of the process', async () => {
  const rule = { arn: 'rule/a', matches: compilePattern({ source: ['shop'] }), targets: [{ arn: 'x', input: {} }] };
  const pending = new PendingWork<Delivery>();
  // Accepted before anything can be delivered, and while a target takes its time, the process dies.
  const first = world([rule], { pending, deliver: () => new Promise(() => {}) });
  first.bus.put(made);
  await first.settle();
  first.start();
  first.bus.put({ ...made, detail: { n: 2 } });
  await first.settle();
  const second = world([rule], { pending });
  second.start();
  await second.settle();
  expect(second.delivered.map(({ payload, deliveryId }) => [payload['detail'], deliveryId.split('_')[0]])).toEqual([
    [{ n: 1 }, 'id-0'],
    [{ n: 2 }, 'id-1'],
  ]);
  expect(pending.entries()).toEqual([]);
});

it('does not take a delivery that was cut off by its stop for a refused one', async () => {
  const rule = { arn: 'rule/a', matches: compilePattern({ source: ['shop'] }), targets: [{ arn: 'x', input: {} }] };
  const pending = new PendingWork<Delivery>();
  const cut = Promise.withResolvers<void>();
  const { bus, start, settle } = world([rule], {
    pending,
    deliver: () => cut.promise,
    onLostEvent: () => expect.unreachable('nothing is lost'),
  });
  start();
  bus.put(made);
  await settle();
  bus.stop();
  cut.reject(new Error('the function was stopped'));
  await settle();
  expect(pending.entries().map(([, { targetArn }]) => targetArn)).toEqual(['x']);
});
