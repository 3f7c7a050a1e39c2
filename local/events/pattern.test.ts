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

  // The rows of the user guide's table of comparison operators, each with an event that matches and one that does not.
  it.each<[string, Json, Json, Json]>([
    [
      'and',
      { Location: ['New York'], Day: ['Monday'] },
      { Location: 'New York', Day: 'Monday' },
      { Location: 'New York', Day: 'Tuesday' },
    ],
    ['anything-but', { state: [{ 'anything-but': 'initializing' }] }, { state: 'running' }, { state: 'initializing' }],
    [
      'anything-but (begins with)',
      { Region: [{ 'anything-but': { prefix: 'us-' } }] },
      { Region: 'eu-west-1' },
      { Region: 'us-east-1' },
    ],
    [
      'anything-but (ends with)',
      { FileName: [{ 'anything-but': { suffix: '.png' } }] },
      { FileName: 'a.jpg' },
      { FileName: 'a.png' },
    ],
    [
      'anything-but (ignore case)',
      { state: [{ 'anything-but': { 'equals-ignore-case': 'initializing' } }] },
      { state: 'running' },
      { state: 'INITIALIZING' },
    ],
    [
      'anything-but using a wildcard',
      { FilePath: [{ 'anything-but': { wildcard: '*/lib/*' } }] },
      { FilePath: '/usr/bin/x' },
      { FilePath: '/usr/lib/x' },
    ],
    ['begins with', { Region: [{ prefix: 'us-' }] }, { Region: 'us-east-1' }, { Region: 'eu-us-1' }],
    [
      'begins with (ignore case)',
      { service: [{ prefix: { 'equals-ignore-case': 'eventb' } }] },
      { service: 'EventBridge' },
      { service: 'AnEventBridge' },
    ],
    ['empty', { LastName: [''] }, { LastName: '' }, { LastName: ' ' }],
    ['equals', { Name: ['Alice'] }, { Name: 'Alice' }, { Name: 'alice' }],
    ['equals (ignore case)', { Name: [{ 'equals-ignore-case': 'alice' }] }, { Name: 'aLiCe' }, { Name: 'Alicea' }],
    ['ends with', { FileName: [{ suffix: '.png' }] }, { FileName: 'a.png' }, { FileName: 'a.PNG' }],
    [
      'ends with (ignore case)',
      { service: [{ suffix: { 'equals-ignore-case': 'tBridge' } }] },
      { service: 'EVENTBRIDGE' },
      { service: 'EventBridges' },
    ],
    ['exists', { ProductName: [{ exists: true }] }, { ProductName: null }, { Other: 1 }],
    ['does not exist', { ProductName: [{ exists: false }] }, { Other: 1 }, { ProductName: '' }],
    ['not', { Weather: [{ 'anything-but': ['Raining'] }] }, { Weather: 'Sunny' }, { Weather: 'Raining' }],
    ['null', { UserID: [null] }, { UserID: null }, { UserID: '' }],
    ['numeric (equals)', { Price: [{ numeric: ['=', 100] }] }, { Price: 1e2 }, { Price: '100' }],
    ['numeric (range)', { Price: [{ numeric: ['>', 10, '<=', 20] }] }, { Price: 20 }, { Price: 10 }],
    ['or', { PaymentType: ['Credit', 'Debit'] }, { PaymentType: 'Debit' }, { PaymentType: 'Cash' }],
    [
      'or (of fields)',
      { $or: [{ Location: ['New York'] }, { Day: ['Monday'] }] },
      { Location: 'Paris', Day: 'Monday' },
      { Location: 'Paris', Day: 'Tuesday' },
    ],
    ['wildcard', { FileName: [{ wildcard: 'dir/*.png' }] }, { FileName: 'dir/a/b.png' }, { FileName: 'other/a.png' }],
    [
      'IP address',
      { 'source-ip': [{ cidr: '10.0.0.0/24' }] },
      { 'source-ip': '10.0.0.255' },
      { 'source-ip': '10.0.1.0' },
    ],
    ['IPv6 address', { ip: [{ cidr: '2001:db8::/32' }] }, { ip: '2001:db8:1::1' }, { ip: '2001:db9::1' }],
  ])('%s', (_, pattern, matching, other) => {
    const matches = compilePattern(pattern);
    expect([matches(matching), matches(other)]).toEqual([true, false]);
  });

  it.each<[string, Json, Json, boolean]>([
    ['a list of prefixes, one of which it has', { prefix: ['us-', 'eu-'] }, 'eu-west-1', false],
    ['a list of prefixes, none of which it has', { prefix: ['us-', 'eu-'] }, 'ap-east-1', true],
    ['a list of suffixes', { suffix: ['.png', '.jpg'] }, 'a.jpg', false],
    ['a list of wildcards', { wildcard: ['*/lib/*', '*/bin/*'] }, '/usr/bin/x', false],
    ['a list in whatever case', { 'equals-ignore-case': ['stopped', 'overloaded'] }, 'Overloaded', false],
    ['numbers', [100, 200, 300], 200, false],
    ['numbers, another one', [100, 200, 300], 250, true],
    ['strings, of an array that holds another too', ['stopped'], ['stopped', 'running'], true],
  ])('anything-but %s', (_, operand, state, expected) => {
    expect(compilePattern({ state: [{ 'anything-but': operand }] })({ state })).toBe(expected);
  });

  it('escapes wildcards', () => {
    const matches = compilePattern({ path: [{ wildcard: 'a\\*b\\\\*' }] });
    expect(['a*b\\c', 'a*b\\', 'axb\\c', 'a*bc'].map((path) => matches({ path }))).toEqual([true, true, false, false]);
  });

  it('combines $or with and, at any depth (readme of aws/event-ruler)', () => {
    const matches = compilePattern({
      source: ['aws.cloudwatch'],
      $or: [
        { metricName: ['CPUUtilization', 'ReadLatency'] },
        {
          metricType: ['MetricType'],
          namespace: ['AWS/EC2', 'AWS/ES'],
          $or: [{ metricId: [1234] }, { spaceId: [1000] }],
        },
      ],
    });
    const event = { source: 'aws.cloudwatch', metricType: 'MetricType', namespace: 'AWS/ES' };
    expect(matches({ ...event, spaceId: 1000 })).toBe(true);
    expect(matches({ ...event, spaceId: 1001 })).toBe(false);
    expect(matches({ source: 'aws.cloudwatch', metricName: 'ReadLatency' })).toBe(true);
    expect(matches({ source: 'aws.ec2', metricName: 'ReadLatency' })).toBe(false);
  });

  it('matches fields of objects in an array within one element (readme of aws/event-ruler, "JSON Array Matching")', () => {
    const john = { firstName: 'John', lastName: 'Doe' };
    const anna = { firstName: 'Anna', lastName: 'Smith' };
    const peter = { firstName: 'Peter', lastName: 'Jones' };
    const matches = (pattern: Json) =>
      [{ employees: [john, anna, peter] }, { employees: [[john, anna], [peter]] }].map(compilePattern(pattern));
    expect(matches({ employees: { firstName: ['Anna'] } })).toEqual([true, true]);
    expect(matches({ employees: { firstName: ['Anna'], lastName: ['Smith'] } })).toEqual([true, true]);
    expect(matches({ employees: { firstName: ['Anna'], lastName: ['Jones'] } })).toEqual([false, false]);
  });

  it('looks for existence at leaves only (readme of aws/event-ruler, "Exists matching")', () => {
    const exists = (value: boolean) => compilePattern({ detail: { 'c-count': [{ exists: value }] } });
    const inner = { detail: { 'c-count': { c1: 100 } } };
    expect([exists(false)(inner), exists(true)(inner), exists(false)({})]).toEqual([true, false, true]);
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
    ['an operator unknown here', { source: [{ near: 'Paris' }] }, /source holds .*known are one of prefix/],
    ['two operators in one', { source: [{ prefix: 'a', suffix: 'b' }] }, /source holds .*known are one of prefix/],
    ['an upper bound first', { n: [{ numeric: ['<', 5, '>', 0] }] }, /lower bound first/],
    ['an empty range', { n: [{ numeric: ['>', 5, '<', 5] }] }, /lower bound first/],
    ['a number out of range', { n: [{ numeric: ['<', 5_000_000_001] }] }, /from -5e9 to 5e9/],
    ['no network', { ip: [{ cidr: '10.0.0.0' }] }, /ip: cidr needs an address and its number of bits/],
    ['too many bits', { ip: [{ cidr: '10.0.0.0/33' }] }, /ip: cidr needs an address and its number of bits/],
    ['one wildcard behind another', { p: [{ wildcard: 'a**' }] }, /one \* behind another/],
    ['another escape', { p: [{ wildcard: 'a\\b' }] }, /may escape only/],
    ['anything-but of mixed types', { p: [{ 'anything-but': ['a', 1] }] }, /strings only or numbers only/],
    [
      'anything-but of a number range',
      { p: [{ 'anything-but': { numeric: ['<', 1] } }] },
      /known are one of prefix, suffix/,
    ],
    ['a single alternative', { $or: [{ a: [1] }] }, /at least two patterns/],
    ['a bare value', { source: 'aws.s3' }, /source must be an object or a list/],
    ['an empty list', { detail: { state: [] } }, /detail\.state needs at least one value/],
    ['an empty pattern', {}, /empty/],
    ['half a range', { detail: { n: [{ numeric: ['>'] }] } }, /numeric needs one or two pairs/],
  ])('refuses %s by name', (_, pattern, message) => {
    expect(() => compilePattern(pattern)).toThrow(EventPatternError);
    expect(() => compilePattern(pattern)).toThrow(message);
  });
});
