// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of Fn::Sub
import { describe, expect, it } from 'vitest';
import { UnrunnableTemplateError } from './errors.ts';
import { type Json, resolveIntrinsics, type Scope } from './intrinsics.ts';

const scope: Scope = {
  ref: (name) => ({ Bucket: 'drop-1', 'AWS::Region': 'us-east-1', Count: 3 })[name] ?? '?',
  attribute: (name, attribute) => `${name}.${attribute}`,
  importValue: (name) => `import of ${name}`,
  condition: (name) => name === 'Yes',
  mapping: (map, top, second) => `${map}/${top}/${second}`,
};
const resolved = (value: Json) => resolveIntrinsics(value, scope, 'stack/Resource');

describe('intrinsic functions, as the CloudFormation reference documents them', () => {
  it.each<[string, Json, Json | undefined]>([
    ['Ref', { Ref: 'Bucket' }, 'drop-1'],
    ['Ref of AWS::NoValue leaves a property out', { a: 1, b: { Ref: 'AWS::NoValue' } }, { a: 1 }],
    ['Ref of AWS::NoValue leaves an element out', [1, { Ref: 'AWS::NoValue' }], [1]],
    ['Fn::GetAtt', { 'Fn::GetAtt': ['Queue', 'Arn'] }, 'Queue.Arn'],
    ['Fn::GetAtt in short', { 'Fn::GetAtt': 'Queue.Nested.Arn' }, 'Queue.Nested.Arn'],
    ['Fn::Join', { 'Fn::Join': [':', ['arn', { Ref: 'AWS::Region' }, { Ref: 'Count' }]] }, 'arn:us-east-1:3'],
    ['Fn::Split and Fn::Select', { 'Fn::Select': [1, { 'Fn::Split': ['|', 'a|b|c'] }] }, 'b'],
    ['Fn::Select by text', { 'Fn::Select': ['2', ['a', 'b', 'c']] }, 'c'],
    ['Fn::Sub', { 'Fn::Sub': 'x-${AWS::Region}-${Bucket}-${Queue.Arn}' }, 'x-us-east-1-drop-1-Queue.Arn'],
    ['Fn::Sub leaves a literal', { 'Fn::Sub': '${!Literal}' }, '${Literal}'],
    ['Fn::Sub with variables', { 'Fn::Sub': ['${Own}/${Bucket}', { Own: { Ref: 'Count' } }] }, '3/drop-1'],
    ['Fn::ImportValue', { 'Fn::ImportValue': { 'Fn::Sub': 'net-${Bucket}' } }, 'import of net-drop-1'],
    ['Fn::If', [{ 'Fn::If': ['Yes', 'a', 'b'] }, { 'Fn::If': ['No', 'a', 'b'] }], ['a', 'b']],
    ['Fn::FindInMap', { 'Fn::FindInMap': ['Sizes', { Ref: 'AWS::Region' }, 'small'] }, 'Sizes/us-east-1/small'],
    ['conditions', { 'Fn::And': [{ Condition: 'Yes' }, { 'Fn::Not': [{ 'Fn::Equals': ['a', 'b'] }] }] }, true],
    ['a policy’s Condition is no condition', { Condition: { Bool: { x: 'y' } } }, { Condition: { Bool: { x: 'y' } } }],
    ['several names are plain properties', { Ref: 'Bucket', Other: 1 }, { Ref: 'Bucket', Other: 1 }],
  ])('%s', (_, value, expected) => {
    expect(resolved(value)).toEqual(expected);
  });

  it.each<[string, Json, RegExp]>([
    [
      'an unknown function',
      { 'Fn::Cidr': ['10.0.0.0/16', 2] },
      /stack\/Resource: the intrinsic function Fn::Cidr is not known here/,
    ],
    ['an element beyond the list', { 'Fn::Select': [3, ['a']] }, /Fn::Select of 3 from 1 elements/],
    ['a list put into text', { 'Fn::Sub': ['${L}', { L: ['a'] }] }, /Fn::Sub needs text/],
  ])('refuses %s by place', (_, value, message) => {
    expect(() => resolved(value)).toThrow(UnrunnableTemplateError);
    expect(() => resolved(value)).toThrow(message);
  });
});
