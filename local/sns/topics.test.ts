import { expect, it } from 'vitest';
import type { CloudResource } from '../template/resolved-template.ts';
import { Topics, UnknownTopicError } from './topics.ts';

const resource = (type: string, ref: string, properties: CloudResource['properties'] = {}): CloudResource => ({
  stack: 's',
  logicalId: ref,
  title: ref,
  type,
  ref,
  attributes: {},
  properties,
});

const subscription = (ref: string, more: CloudResource['properties'] = {}) =>
  resource('AWS::SNS::Subscription', ref, {
    TopicArn: 'arn:topic',
    Protocol: 'lambda',
    Endpoint: `arn:${ref}-function`,
    ...more,
  });

function topics(subscriptions: readonly CloudResource[], refuse = false) {
  const invoked: { functionArn: string; event: { Records: { Sns: object }[] } }[] = [];
  const queued: unknown[] = [];
  const created = new Topics({
    resources: [resource('AWS::SNS::Topic', 'arn:topic'), ...subscriptions],
    invokeAsync: async (functionArn, payload) => {
      if (refuse) throw new Error('no such function');
      invoked.push({ functionArn, event: JSON.parse(payload) });
    },
    sendToQueue: async (...message) => void queued.push(message),
    clock: () => Date.parse('2026-01-01T00:00:00Z'),
    uuid: () => 'message-1',
    log: () => {},
  });
  return { topics: created, invoked, queued };
}

it('invokes every subscribed function with the event that SNS documents', async () => {
  const { topics: created, invoked } = topics([subscription('a'), subscription('b')]);
  await created.publish('arn:topic', '{"invocationStatus":"Completed"}');
  expect(invoked.map(({ functionArn }) => functionArn)).toEqual(['arn:a-function', 'arn:b-function']);
  expect(invoked[0]?.event.Records[0]).toMatchObject({
    EventSource: 'aws:sns',
    EventVersion: '1.0',
    EventSubscriptionArn: 'a',
    Sns: {
      Type: 'Notification',
      MessageId: 'message-1',
      TopicArn: 'arn:topic',
      Subject: null,
      Message: '{"invocationStatus":"Completed"}',
      Timestamp: '2026-01-01T00:00:00.000Z',
      MessageAttributes: {},
    },
  });
});

it('sends what it cannot deliver to the subscription’s queue', async () => {
  const { topics: created, queued } = topics(
    [subscription('a', { RedrivePolicy: { deadLetterTargetArn: 'arn:queue' } })],
    true,
  );
  await created.publish('arn:topic', 'text');
  const attributes = { ERROR_MESSAGE: 'no such function' };
  expect(queued).toEqual([[{ queueArn: 'arn:queue', body: 'text', attributes }, 'arn:topic']]);
});

it('refuses a topic that is not there, and a protocol that it does not speak', async () => {
  await expect(topics([]).topics.publish('arn:other', 'text')).rejects.toThrow(UnknownTopicError);
  expect(() => topics([subscription('a', { Protocol: 'https' })])).toThrow(
    /s\/a: the protocol https is not known here/,
  );
});
