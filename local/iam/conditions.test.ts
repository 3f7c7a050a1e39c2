import { expect, it } from 'vitest';
import { conditionMatcher, unknownOperators } from './conditions.ts';

/**
 * Cases of IAM User Guide, "Condition operators", "Conditions with multiple context keys or values" and "Condition operator to check existence
 * of condition keys".
 */
it.each([
  ['StringEquals, the same', { StringEquals: { k: 'a' } }, 'a', true],
  ['StringEquals, other case', { StringEquals: { k: 'a' } }, 'A', false],
  ['StringEquals takes * as a letter', { StringEquals: { k: 'runs/*' } }, 'runs/1', false],
  ['StringEquals without the key', { StringEquals: { k: 'a' } }, undefined, false],
  ['one of several values', { StringEquals: { k: ['a', 'b'] } }, 'b', true],
  ['StringNotEquals: none of several values', { StringNotEquals: { k: ['a', 'b'] } }, 'b', false],
  ['StringNotEquals without the key', { StringNotEquals: { k: 'a' } }, undefined, true],
  ['StringLike', { StringLike: { k: 'runs/*' } }, 'runs/1/2', true],
  ['StringLike, one character', { StringLike: { k: 'r?n' } }, 'ruun', false],
  ['StringLikeIfExists without the key', { StringLikeIfExists: { k: 'runs/*' } }, undefined, true],
  ['StringLikeIfExists with another value', { StringLikeIfExists: { k: 'runs/*' } }, 'lake/', false],
  [
    'ArnLike by parts',
    { ArnLike: { k: 'arn:aws:sns:*:123456789012:*' } },
    'arn:aws:sns:eu-west-1:123456789012:t',
    true,
  ],
  ['ArnEquals is ArnLike', { ArnEquals: { k: 'arn:aws:sns:*:1:t' } }, 'arn:aws:sns:us-east-1:1:t', true],
  ['ArnLike: * ends with its part', { ArnLike: { k: 'arn:aws:sns:*:t' } }, 'arn:aws:sns:eu-west-1:1:t', false],
  ['ArnNotLike', { ArnNotLike: { k: 'arn:aws:sns:*:1:t' } }, 'arn:aws:sns:us-east-1:1:t', false],
  ['Bool', { Bool: { k: 'false' } }, 'true', false],
  ['Bool in any case', { Bool: { k: 'True' } }, 'true', true],
  ['Null true: the key is not there', { Null: { k: 'true' } }, undefined, true],
  ['Null true: it is', { Null: { k: 'true' } }, '', false],
  ['Null false: it is', { Null: { k: 'false' } }, 'a', true],
  ['every operator must fit', { StringLike: { k: 'a*' }, StringNotEquals: { k: 'ab' } }, 'ab', false],
  ['names of keys in any case', { StringEquals: { K: 'a' } }, 'a', true],
  ['no condition', {}, undefined, true],
])('%s', (_, block, value, expected) => {
  const context = new Map(value === undefined ? [] : [['k', value]]);
  expect(conditionMatcher(block as Parameters<typeof conditionMatcher>[0])(context)).toBe(expected);
});

it('names the operators that it does not know', () => {
  expect(
    unknownOperators({ StringLikeIfExists: {}, IpAddress: {}, 'ForAllValues:StringEquals': {}, Null: {} }),
  ).toEqual(['IpAddress', 'ForAllValues:StringEquals']);
});
