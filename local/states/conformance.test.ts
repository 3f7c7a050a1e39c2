import { describe, expect, it } from 'vitest';
import { conformanceDriver, type Outcome } from './conformance-drivers.ts';
import type { Json, JsonObject } from './json.ts';

/**
 * One case per documented behaviour, on this engine or, with REMOTE=1, on the real service (see `conformance-drivers.ts`).
 * Causes in the wording of the service were recorded from it (by the snapshot tests of the LocalStack project, which run
 * against AWS); the rest is from the Step Functions developer guide and https://states-language.net/spec.html.
 */
const driver = conformanceDriver();

interface Case {
  readonly name: string;
  readonly states: JsonObject;
  readonly input?: Json;
  readonly expected: Outcome;
}

const succeeded = (output: Json): Outcome => ({ status: 'SUCCEEDED', output });
const failed = (error: string, cause?: string): Outcome => ({
  status: 'FAILED',
  error,
  ...(cause === undefined ? {} : { cause }),
});
const pass = (output: Json, next?: string): JsonObject => ({
  Type: 'Pass',
  Output: output,
  ...(next === undefined ? { End: true } : { Next: next }),
});
const inState = (state: string, problem: string, eventId = 2) =>
  `An error occurred while executing the state '${state}' (entered at the event id #${eventId}). ${problem}`;
const evaluationError = (state: string, problem: string) =>
  failed('States.QueryEvaluationError', inState(state, problem));

const PASS_AND_EXPRESSIONS: readonly Case[] = [
  {
    name: 'a Pass state hands its input on',
    states: { A: { Type: 'Pass', End: true } },
    input: { a: [1] },
    expected: succeeded({ a: [1] }),
  },
  { name: 'Output may be null', states: { A: pass(null) }, expected: succeeded(null) },
  {
    name: 'Output mixes literals and expressions at any depth',
    states: { A: pass([null, 0.1, '$no', '$.no.path', '{% $states.input %}', { k: ['{% $states.input.x + 1 %}'] }]) },
    input: { x: 1 },
    expected: succeeded([null, 0.1, '$no', '$.no.path', { x: 1 }, { k: [2] }]),
  },
  {
    name: 'a string with blanks around the delimiters is a literal',
    states: { A: pass(' {% 1 %}') },
    expected: succeeded(' {% 1 %}'),
  },
  {
    name: 'an expression without a value fails, with its field in the cause',
    states: { A: pass({ result: '{% $doesNotExist %}' }) },
    expected: evaluationError(
      'A',
      "The JSONata expression '$doesNotExist' specified for the field 'Output/result' returned nothing (undefined).",
    ),
  },
  {
    name: 'an unqualified field name has no context to be found in',
    states: { A: pass('{% x %}') },
    input: { x: 1 },
    expected: evaluationError(
      'A',
      "The JSONata expression 'x' specified for the field 'Output' returned nothing (undefined).",
    ),
  },
  {
    name: 'calling what is not a function fails with the code of JSONata',
    states: { A: pass('{% $randomSeeded(1) %}') },
    expected: evaluationError(
      'A',
      "The JSONata expression '$randomSeeded(1)' specified for the field 'Output' threw an error during evaluation. T1006: Attempted to invoke a non-function",
    ),
  },
  {
    name: 'a function is no result',
    states: { A: pass('{% $fn := function($x){$x} %}') },
    expected: evaluationError(
      'A',
      "The JSONata expression '$fn := function($x){$x}' specified for the field 'Output' returned an unsupported result type.",
    ),
  },
  {
    name: '$partition cuts an array into chunks',
    states: { A: pass('{% $partition([0,1,2,3,4], 2) %}') },
    expected: succeeded([[0, 1], [2, 3], [4]]),
  },
  {
    name: '$partition of one element is one chunk',
    states: { A: pass('{% $partition([0], 5) %}') },
    expected: succeeded([[0]]),
  },
  {
    name: '$range counts to the last number within it',
    states: { A: pass('{% $range(0, 10, 3) %}') },
    expected: succeeded([0, 3, 6, 9]),
  },
  { name: '$range of one number is that number', states: { A: pass('{% $range(1, 9, 9) %}') }, expected: succeeded(1) },
  { name: '$range counts down', states: { A: pass('{% $range(3, 1, -1) %}') }, expected: succeeded([3, 2, 1]) },
  {
    // FIPS 180-4 and RFC 1321 digests of "abc".
    name: '$hash knows MD5 and the SHA family',
    states: { A: pass(["{% $hash('abc', 'MD5') %}", "{% $hash('abc', 'SHA-1') %}", "{% $hash('abc', 'SHA-256') %}"]) },
    expected: succeeded([
      '900150983cd24fb0d6963f7d28e17f72',
      'a9993e364706816aba3e25717850c26c9cd0d89d',
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    ]),
  },
  {
    name: '$parse reads JSON texts',
    states: { A: pass(`{% $parse('{"a":[1,"x"]}') %}`) },
    expected: succeeded({ a: [1, 'x'] }),
  },
  {
    name: '$random with a seed repeats itself',
    states: { A: pass('{% $random(7) = $random(7) and $random(7) < 1 %}') },
    expected: succeeded(true),
  },
  {
    name: '$uuid makes version 4 UUIDs',
    states: {
      A: pass(
        '{% $match($uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/).match != "" %}',
      ),
    },
    expected: succeeded(true),
  },
];

const VARIABLES: readonly Case[] = [
  {
    name: 'Assign sets variables for later states',
    states: {
      A: { Type: 'Pass', Assign: { total: '{% $states.input.x * 2 %}', fixed: 'f' }, Next: 'B' },
      B: pass('{% [$total, $fixed] %}'),
    },
    input: { x: 4 },
    expected: succeeded([8, 'f']),
  },
  {
    name: 'Assign and Output see the values from before, so that a swap works',
    states: {
      A: { Type: 'Pass', Assign: { x: 3, y: 6 }, Next: 'B' },
      B: { Type: 'Pass', Assign: { x: '{% $y %}', y: '{% $x %}' }, Output: '{% $x %}', Next: 'C' },
      C: pass('{% [$x, $y, $states.input] %}'),
    },
    expected: succeeded([6, 3, 3]),
  },
  {
    name: 'inner scopes read outer variables, and their own end with them',
    states: {
      A: { Type: 'Pass', Assign: { outer: 1 }, Next: 'P' },
      P: {
        Type: 'Parallel',
        Branches: [
          {
            StartAt: 'B',
            States: { B: { Type: 'Pass', Assign: { inner: '{% $outer + 1 %}' }, Next: 'C' }, C: pass('{% $inner %}') },
          },
          { StartAt: 'D', States: { D: pass('{% $exists($inner) %}') } },
        ],
        Next: 'E',
      },
      E: pass({ branches: '{% $states.input %}', inner: '{% $exists($inner) %}' }),
    },
    expected: succeeded({ branches: [2, false], inner: false }),
  },
];

const FLOW: readonly Case[] = [
  {
    name: 'Choice takes the first true rule, with its own Output and Assign',
    states: {
      A: {
        Type: 'Choice',
        Choices: [
          { Condition: '{% $states.input.n > 10 %}', Next: 'B' },
          { Condition: '{% $states.input.n > 5 %}', Output: 'rule', Assign: { tier: 'mid' }, Next: 'B' },
          { Condition: true, Next: 'B' },
        ],
        Output: 'state',
        Assign: { tier: 'none' },
      },
      B: pass('{% [$states.input, $tier] %}'),
    },
    input: { n: 7 },
    expected: succeeded(['rule', 'mid']),
  },
  {
    name: "Choice without a match takes Default, with the state's Output and Assign",
    states: {
      A: {
        Type: 'Choice',
        Choices: [{ Condition: false, Next: 'C' }],
        Default: 'B',
        Output: 'state',
        Assign: { tier: 'none' },
      },
      B: pass('{% [$states.input, $tier] %}'),
      C: { Type: 'Succeed' },
    },
    expected: succeeded(['state', 'none']),
  },
  {
    name: 'a condition must be a boolean',
    states: { A: { Type: 'Choice', Choices: [{ Condition: '{% 1 %}', Next: 'B' }] }, B: { Type: 'Succeed' } },
    expected: evaluationError(
      'A',
      "The JSONata expression '1' specified for the field 'Choices[0]/Condition' returned an unexpected result type. Expected 'boolean', but was 'number' for value: 1",
    ),
  },
  {
    name: 'Succeed shapes the output',
    states: { A: { Type: 'Succeed', Output: { done: '{% $states.input.x %}' } } },
    input: { x: 1 },
    expected: succeeded({ done: 1 }),
  },
  {
    name: 'Fail evaluates Error and Cause',
    states: { A: { Type: 'Fail', Error: '{% $states.input.e %}', Cause: "{% 'because of ' & $states.input.e %}" } },
    input: { e: 'Bad' },
    expected: failed('Bad', 'because of Bad'),
  },
  { name: 'Fail may be silent', states: { A: { Type: 'Fail' } }, expected: { status: 'FAILED' } },
  {
    name: 'Wait for no time, then Output',
    states: { A: { Type: 'Wait', Seconds: 0, Output: 'waited', End: true } },
    expected: succeeded('waited'),
  },
  {
    name: 'Wait until a time that has passed goes on at once',
    states: { A: { Type: 'Wait', Timestamp: '{% $states.input.at %}', End: true } },
    input: { at: '2016-12-05T21:29:29.123456789Z' },
    expected: succeeded({ at: '2016-12-05T21:29:29.123456789Z' }),
  },
  ...[
    '2016-12-05 21:29:29Z',
    '2016-12-05T21:29:29',
    '2016-13-05T21:29:29Z',
    '2016-12-05T25:29:29Z',
    '05-12-2016T21:29:29Z',
  ].map((at) => ({
    name: `Wait refuses the time ${at}`,
    states: { WaitState: { Type: 'Wait', Timestamp: '{% $states.input.at %}', End: true } },
    input: { at },
    expected: evaluationError(
      'WaitState',
      `The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: ${at}`,
    ),
  })),
  {
    name: 'Parallel gives each branch its Arguments and answers an array in order',
    states: {
      A: {
        Type: 'Parallel',
        Arguments: { x: '{% $states.input.n %}' },
        Branches: [
          { StartAt: 'B', States: { B: { Type: 'Wait', Seconds: 1, Output: '{% $states.input.x %}', End: true } } },
          { StartAt: 'C', States: { C: pass('second') } },
        ],
        End: true,
      },
    },
    input: { n: 5 },
    expected: succeeded([5, 'second']),
  },
  {
    name: 'a failing branch fails the Parallel state with its error',
    states: {
      A: {
        Type: 'Parallel',
        Branches: [
          { StartAt: 'B', States: { B: { Type: 'Fail', Error: 'FailureType' } } },
          { StartAt: 'C', States: { C: { Type: 'Wait', Seconds: 9, End: true } } },
        ],
        End: true,
      },
    },
    expected: failed('FailureType'),
  },
  {
    name: 'Catch of a Parallel state assigns in the outer scope and outputs Error and Cause',
    states: {
      A: {
        Type: 'Parallel',
        Branches: [{ StartAt: 'B', States: { B: { Type: 'Fail', Error: 'E', Cause: 'why' } } }],
        Catch: [{ ErrorEquals: ['E'], Assign: { caught: '{% $states.errorOutput.Error %}' }, Next: 'C' }],
        End: true,
      },
      C: pass('{% [$caught, $states.input] %}'),
    },
    expected: succeeded(['E', { Error: 'E', Cause: 'why' }]),
  },
];

const iterate = (fields: JsonObject, state: JsonObject = pass('{% $states.input %}')): JsonObject => ({
  Type: 'Map',
  ItemProcessor: { StartAt: 'Each', States: { Each: state } },
  End: true,
  ...fields,
});

const INLINE_MAP: readonly Case[] = [
  {
    name: 'Map over its input',
    states: { M: iterate({}) },
    input: [1, 'two', true],
    expected: succeeded([1, 'two', true]),
  },
  { name: 'Map over nothing', states: { M: iterate({ Items: '{% [] %}' }) }, expected: succeeded([]) },
  {
    name: 'ItemSelector shapes the input of each iteration',
    states: {
      M: iterate({
        Items: '{% $states.input.list %}',
        ItemSelector: {
          i: '{% $states.context.Map.Item.Index %}',
          v: '{% $states.context.Map.Item.Value %}',
          all: '{% $count($states.input.list) %}',
        },
      }),
    },
    input: { list: ['a', 'b'] },
    expected: succeeded([
      { i: 0, v: 'a', all: 2 },
      { i: 1, v: 'b', all: 2 },
    ]),
  },
  {
    name: 'iterations know their item from the context object',
    states: { M: iterate({}, pass('{% $states.context.Map.Item.Index & $states.context.Map.Item.Value %}')) },
    input: ['a', 'b'],
    expected: succeeded(['0a', '1b']),
  },
  ...(
    [
      ['1', 'number', '1'],
      ["'string'", 'string', '"string"'],
      ['true', 'boolean', 'true'],
      ["{'foo': 'bar'}", 'object', '{"foo":"bar"}'],
      ['null', 'null', 'null'],
    ] as const
  ).map(([source, type, value]) => ({
    name: `Items must be an array, not ${type}`,
    states: { MapIterateState: iterate({ Items: `{% ${source} %}` }) },
    expected: evaluationError(
      'MapIterateState',
      `The JSONata expression '${source}' specified for the field 'Items' returned an unexpected result type. Expected 'array', but was '${type}' for value: ${value}`,
    ),
  })),
  {
    name: 'without Items the input must be an array',
    states: { MapIterateState: iterate({}) },
    input: { foo: 'bar' },
    expected: evaluationError('MapIterateState', 'Map state input must be an array but was: {"foo":"bar"}'),
  },
  {
    name: 'Output and Assign see the results',
    states: { M: { ...iterate({}), Output: '{% $sum($states.result) %}' } },
    input: [1, 2, 3],
    expected: succeeded(6),
  },
  {
    name: 'a failing iteration fails the Map',
    states: { M: iterate({}, { Type: 'Fail', Error: 'Nope' }) },
    input: [1, 2],
    expected: failed('Nope'),
  },
];

const LIMITS: readonly Case[] = [
  {
    name: 'an output over 256 KiB is too large',
    states: { State_1: pass("{% $pad('', 262143, 'x') %}") },
    expected: failed(
      'States.DataLimitExceeded',
      "The state/task 'State_1' returned a result with a size exceeding the maximum number of bytes service limit.",
    ),
  },
  {
    name: 'an output of exactly 256 KiB is not (two bytes are the quotes)',
    states: { State_1: pass("{% $pad('', 262142, 'x') %}", 'B'), B: pass('{% $length($states.input) %}') },
    expected: succeeded(262_142),
  },
];

describe.each([
  ['Pass states and expressions', PASS_AND_EXPRESSIONS],
  ['variables', VARIABLES],
  ['flow', FLOW],
  ['inline Map', INLINE_MAP],
  ['limits', LIMITS],
])('%s', (_, cases) => {
  it.each(cases)('$name', { timeout: 30_000 }, async ({ states, input = {}, expected }) => {
    const definition = { QueryLanguage: 'JSONata', StartAt: Object.keys(states)[0] ?? '', States: states };
    expect(await driver.run(definition, input)).toEqual(expected);
  });
});
