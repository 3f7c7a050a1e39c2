import { expect, it } from 'vitest';
import { InputPathError, targetInput } from './input-transformer.ts';

/** Event and examples: EventBridge user guide, "Amazon EventBridge input transformation". */
const event = {
  version: '0',
  account: '123456789012',
  time: '2015-11-11T21:29:54Z',
  resources: ['arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111'],
  detail: { 'instance-id': 'i-0123456789', state: 'RUNNING', data: { size: 2 } },
};

it('hands the whole event over unless told otherwise', () => {
  expect(JSON.parse(targetInput(event, {}))).toEqual(event);
});

it('takes a constant as it is, and a path as that part', () => {
  expect(targetInput(event, { input: '{"trigger":"schedule"}' })).toBe('{"trigger":"schedule"}');
  expect(targetInput(event, { inputPath: '$.detail.data' })).toBe('{"size":2}');
  expect(targetInput(event, { inputPath: '$.resources[0]' })).toBe(
    '"arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111"',
  );
});

it('fills a template: text within quotes, JSON outside them, nothing for what is missing', () => {
  const inputTransformer = {
    inputPathsMap: {
      instance: '$.detail.instance-id',
      status: '$.detail.state',
      data: '$.detail.data',
      none: '$.detail.none',
    },
    inputTemplate:
      '{"line": "instance <instance> is in <status> of <data>", "data": <data>, "status": <status>, "none": "<none>"}',
  };
  expect(JSON.parse(targetInput(event, { inputTransformer }))).toEqual({
    line: 'instance i-0123456789 is in RUNNING of {"size":2}',
    data: { size: 2 },
    status: 'RUNNING',
    none: '',
  });
});

it('refuses a path beyond dots and indexes', () => {
  expect(() => targetInput(event, { inputPath: '$..state' })).toThrow(InputPathError);
});
