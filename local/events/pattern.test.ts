import { describe, expect, it } from 'vitest';
import type { Json } from '../template/intrinsics.ts';
import { compilePattern, EventPatternError } from './pattern.ts';

/** The event of EventBridge's user guide, "Creating Amazon EventBridge event patterns". */
const ec2Event = {
  version: '0',
  id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
  'detail-type': 'EC2 Instance State-change Notification',
  source: 'aws.ec2',
  account: '111122223333',
  time: '2017-12-22T18:43:48Z',
  region: 'us-west-1',
  resources: ['arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0'],
  detail: { 'instance-id': 'i-1234567890abcdef0', state: 'terminated' },
};

const s3Event = (key: string, size = 5) => ({
  source: 'aws.s3',
  'detail-type': 'Object Created',
  detail: { bucket: { name: 'drop' }, object: { key, size }, reason: 'PutObject' },
});

describe('event patterns, as EventBridge documents them', () => {
  it.each<[string, Json, boolean]>([
    ['a value in each list', { source: ['aws.ec2'], detail: { state: ['stopped', 'terminated'] } }, true],
    ['one field that differs', { source: ['aws.ec2'], detail: { state: ['running'] } }, false],
    ['a field that the event lacks', { detail: { nowhere: ['x'] } }, false],
    ['an element of the event’s array', { resources: [{ suffix: 'i-1234567890abcdef0' }] }, true],
    ['prefix', { time: [{ prefix: '2017-12-22' }] }, true],
    ['prefix, not there', { region: [{ prefix: 'eu-' }] }, false],
    ['prefix ignoring case', { source: [{ prefix: { 'equals-ignore-case': 'AWS.' } }] }, true],
    ['suffix', { source: [{ suffix: 'ec2' }] }, true],
    ['equals-ignore-case', { source: [{ 'equals-ignore-case': 'AWS.EC2' }] }, true],
    ['wildcard', { resources: [{ wildcard: 'arn:aws:ec2:*:instance/*' }] }, true],
    ['wildcard takes dots as dots', { source: [{ wildcard: 'aws?ec2' }] }, false],
    ['exists', { detail: { state: [{ exists: true }] } }, true],
    ['exists false', { detail: { 'c-count': [{ exists: false }] } }, true],
    ['exists false of a field that is there', { detail: { state: [{ exists: false }] } }, false],
    ['anything-but', { detail: { state: [{ 'anything-but': 'initializing' }] } }, true],
    [
      'anything-but a list that holds it',
      { detail: { state: [{ 'anything-but': ['running', 'terminated'] }] } },
      false,
    ],
    ['anything-but a prefix', { detail: { state: [{ 'anything-but': { prefix: 'init' } }] } }, true],
    ['anything-but does not match what is missing', { detail: { nowhere: [{ 'anything-but': 'x' }] } }, false],
    ['$or, one holds', { $or: [{ source: ['aws.s3'] }, { detail: { state: ['terminated'] } }] }, true],
    ['$or, none holds', { $or: [{ source: ['aws.s3'] }, { detail: { state: ['running'] } }] }, false],
  ])('%s', (_, pattern, expected) => {
    expect(compilePattern(pattern)(ec2Event)).toBe(expected);
  });

  it('compares numbers in ranges, and no text with a number', () => {
    const range = compilePattern({ detail: { object: { size: [{ numeric: ['>', 0, '<=', 5] }] } } });
    expect([s3Event('a', 0), s3Event('a', 5), s3Event('a', 6)].map((event) => range(event))).toEqual([
      false,
      true,
      false,
    ]);
    expect(compilePattern({ detail: { object: { key: [{ numeric: ['=', 5] }] } } })(s3Event('5'))).toBe(false);
    expect(compilePattern({ detail: { object: { size: ['5'] } } })(s3Event('a', 5))).toBe(false);
  });

  it('tells a drop in the inbox from other objects', () => {
    const inbox = compilePattern({
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      detail: { bucket: { name: ['drop'] }, object: { key: [{ prefix: 'inbox/' }] } },
    });
    expect(inbox(s3Event('inbox/sales.csv'))).toBe(true);
    expect(inbox(s3Event('lake/inbox/sales.csv'))).toBe(false);
  });

  it.each([
    ['an operator unknown here', { source: [{ cidr: '10.0.0.0/24' }] }, /source holds .*known are one of prefix/],
    ['a bare value', { source: 'aws.s3' }, /source must be an object or a list/],
    ['an empty list', { detail: { state: [] } }, /detail\.state needs at least one value/],
    ['an empty pattern', {}, /empty/],
    ['half a range', { detail: { n: [{ numeric: ['>'] }] } }, /numeric needs one or two pairs/],
  ])('refuses %s by name', (_, pattern, message) => {
    expect(() => compilePattern(pattern)).toThrow(EventPatternError);
    expect(() => compilePattern(pattern)).toThrow(message);
  });
});
