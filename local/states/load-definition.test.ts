import { App, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import {
  Choice,
  Condition,
  DefinitionBody,
  DistributedMap,
  Errors,
  IntegrationPattern,
  Pass,
  QueryLanguage,
  S3JsonItemReader,
  StateMachine,
  Succeed,
  TaskInput,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { describe, expect, it } from 'vitest';
import { createTestEngine } from './conformance-drivers.ts';
import { DefinitionError } from './errors.ts';
import type { Json, JsonObject } from './json.ts';

/** The problems of a definition, as `message at path`. */
function problemsOf(definition: Json, type: 'STANDARD' | 'EXPRESS' = 'STANDARD'): string[] {
  const { engine } = createTestEngine();
  try {
    engine.checkDefinition(JSON.stringify(definition), type);
    return [];
  } catch (error) {
    if (error instanceof DefinitionError) return error.problems.map(({ path, message }) => `${message} at ${path}`);
    throw error;
  }
}

const machine = (states: JsonObject, fields: JsonObject = {}): JsonObject => ({
  QueryLanguage: 'JSONata',
  StartAt: Object.keys(states)[0] ?? '',
  States: states,
  ...fields,
});
const map = (
  fields: JsonObject,
  mode: 'INLINE' | 'DISTRIBUTED' = 'DISTRIBUTED',
  each: JsonObject = { Type: 'Pass', End: true },
): JsonObject => ({
  Type: 'Map',
  ItemProcessor: {
    ProcessorConfig: mode === 'INLINE' ? { Mode: mode } : { Mode: mode, ExecutionType: 'STANDARD' },
    StartAt: 'Each',
    States: { Each: each },
  },
  End: true,
  ...fields,
});

describe('a definition is refused, by name and path, for', () => {
  // The problems recorded from the service keep its wording up to the added explanation.
  const cases: [string, Json, string][] = [
    ['missing fields', {}, 'These fields are required: [StartAt, States] at /'],
    [
      'an unknown field',
      machine({ A: { Type: 'Succeed', Colour: 'red' } }),
      "The field 'Colour' is not known here; known are Type, Comment, QueryLanguage, Output at /States/A/Colour",
    ],
    [
      'a JSONPath field',
      machine({ A: { Type: 'Pass', ResultPath: '$.x', End: true } }),
      "The field 'ResultPath' belongs to the JSONPath query language; this engine runs JSONata only at /States/A/ResultPath",
    ],
    [
      'the JSONPath query language',
      { StartAt: 'A', States: { A: { Type: 'Pass', End: true } } },
      "The query language of this state is JSONPath (the default), which is not run here: set 'QueryLanguage' to 'JSONata' for the machine at /States/A",
    ],
    [
      'an unknown type',
      machine({ A: { Type: 'Jump' } }),
      "The field 'Type' should have one of these values: [Pass, Task, Choice, Wait, Succeed, Fail, Parallel, Map] at /States/A/Type",
    ],
    [
      'an unknown resource',
      machine({ A: { Type: 'Task', Resource: 'arn:aws:states:::batch:submitJob', End: true } }),
      'The resource provided arn:aws:states:::batch:submitJob is not recognized: this engine has no integration for it at /States/A/Resource',
    ],
    [
      'a transition to nowhere',
      machine({ A: { Type: 'Pass', Next: 'B' } }),
      'MISSING_TRANSITION_TARGET: Missing transition target: B at /States/A',
    ],
    [
      'an unreachable state',
      machine({ A: { Type: 'Succeed' }, B: { Type: 'Succeed' } }),
      'State "B" is not reachable at /States/B',
    ],
    [
      'neither Next nor End',
      machine({ A: { Type: 'Pass' } }),
      "A state needs exactly one of the fields 'Next' and 'End' at /States/A",
    ],
    [
      'a bad timestamp',
      machine({ A: { Type: 'Wait', Timestamp: '2016-12-05', End: true } }),
      'String does not match RFC3339 timestamp at /States/A/Timestamp',
    ],
    [
      'an expression that does not parse',
      machine({ A: { Type: 'Pass', Output: { x: '{% 1 + %}' }, End: true } }),
      "The JSONata expression '1 +' does not parse: S0207 Unexpected end of expression at /States/A/Output",
    ],
    [
      '$eval',
      machine({ A: { Type: 'Pass', Output: "{% $eval('1') %}", End: true } }),
      "The JSONata expression '$eval('1')' calls $eval, which Step Functions does not have: use $parse for JSON texts at /States/A/Output",
    ],
    [
      'an open expression',
      machine({ A: { Type: 'Pass', Output: '{% 1', End: true } }),
      "The string at 'Output' begins with '{%' and does not end with '%}' at /States/A/Output",
    ],
    [
      'States.ALL among others',
      machine({ A: { ...map({}, 'INLINE'), Retry: [{ ErrorEquals: ['E', 'States.ALL'] }] } }),
      "'States.ALL' must stand alone and in the last entry at /States/A/Retry/0/ErrorEquals",
    ],
    ['a bad Label', machine({ A: map({ Label: 'a?' }) }), "Label contains invalid character: '?' at /States/A/Label"],
    [
      'a Label that is too long',
      machine({ A: map({ Label: 'a'.repeat(41) }) }),
      'A Label has at most 40 characters at /States/A/Label',
    ],
    [
      'distributed fields in an inline Map',
      machine({ A: map({ ToleratedFailureCount: 1 }, 'INLINE') }),
      "The field 'ToleratedFailureCount' is for Map states in DISTRIBUTED mode only at /States/A/ToleratedFailureCount",
    ],
    [
      'an unknown reader option',
      machine({
        A: map({
          ItemReader: {
            Resource: 'arn:aws:states:::s3:getObject',
            Arguments: { Bucket: 'b', Key: 'k' },
            ReaderConfig: { InputType: 'PARQUET' },
          },
        }),
      }),
      'The field \'InputType\' should have one of these values: [JSON, JSONL, CSV, MANIFEST], not "PARQUET" at /States/A/ItemReader/ReaderConfig/InputType',
    ],
    [
      'a result writer to elsewhere',
      machine({ A: map({ ResultWriter: { Resource: 'arn:aws:states:::dynamodb:putItem', Arguments: {} } }) }),
      'The resource arn:aws:states:::dynamodb:putItem is not known here; known are arn:aws:states:::s3:putObject at /States/A/ResultWriter/Resource',
    ],
    [
      'a variable name with a path',
      machine({ A: { Type: 'Pass', Assign: { 'x.y': 1 }, End: true } }),
      "'x.y' is not a variable name: a letter or _, then letters, digits and _, at most 80 in all, and not 'states' at /States/A/Assign/x.y",
    ],
    [
      'an inner variable of the name of an outer one',
      machine({ A: { ...map({}, 'INLINE', { Type: 'Pass', Assign: { x: 2 }, End: true }), Assign: { x: 1 } } }),
      "The variable 'x' is already assigned in an outer scope at /States/A/ItemProcessor/States/Each/Assign/x",
    ],
    [
      'an outer variable read in a Distributed Map',
      machine({
        A: { ...map({}, 'DISTRIBUTED', { Type: 'Pass', Output: '{% $sum([1, $x]) %}', End: true }), Assign: { x: 1 } },
      }),
      "The variable '$x' belongs to a scope outside of the Distributed Map, which its states cannot read: pass it in with 'ItemSelector' or 'BatchInput' at /States/A/ItemProcessor/States/Each/Output",
    ],
  ];
  it.each(cases)('%s', (_, definition, problem) => {
    expect(problemsOf(definition)).toContain(problem);
  });

  it('waiting for task tokens in an Express machine', () => {
    const definition = machine({
      A: { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken', End: true },
    });
    expect(problemsOf(definition)).toEqual([]);
    expect(problemsOf(definition, 'EXPRESS')).toEqual([
      "Express state machine does not support '.waitForTaskToken' service integration at /States/A/Resource",
    ]);
  });

  it('several reasons at once', () => {
    expect(problemsOf(machine({ A: { Type: 'Pass', Next: 'A', End: true, X: 1 } }))).toEqual([
      "The field 'X' is not known here; known are Type, Comment, QueryLanguage, Next, End, Output, Assign at /States/A/X",
      "A state needs exactly one of the fields 'Next' and 'End' at /States/A",
    ]);
  });
});

describe('a definition is accepted', () => {
  it('with empty Retry and Catch', () => {
    expect(problemsOf(machine({ A: map({ Retry: [], Catch: [] }) }))).toEqual([]);
  });

  it('with local variables and parameters of the names of hidden outer ones', () => {
    const each = { Type: 'Pass', Output: '{% ($x := 1; $map([1], function($y) { $x + $y })) %}', End: true };
    expect(problemsOf(machine({ A: { ...map({}, 'DISTRIBUTED', each), Assign: { x: 1, y: 2 } } }))).toEqual([]);
  });

  it('as the CDK synthesizes it, with all the fields the constructs add', () => {
    const app = new App({ context: { '@aws-cdk/aws-stepfunctions:useDistributedMapResultWriterV2': true } });
    const stack = new Stack(app, 'S', { env: { account: '123456789012', region: 'eu-west-1' } });
    const lambda = LambdaFunction.fromFunctionName(stack, 'F', 'f');
    const bucket = Bucket.fromBucketName(stack, 'B', 'items');
    const each = LambdaInvoke.jsonata(stack, 'Each', {
      lambdaFunction: lambda,
      outputs: '{% $states.result.Payload %}',
    });
    const wait = LambdaInvoke.jsonata(stack, 'Ask', {
      lambdaFunction: lambda,
      integrationPattern: IntegrationPattern.WAIT_FOR_TASK_TOKEN,
      payload: TaskInput.fromObject({ token: '{% $states.context.Task.Token %}' }),
      assign: { answer: '{% $states.result %}' },
    });
    const many = DistributedMap.jsonata(stack, 'Many', {
      itemReader: new S3JsonItemReader({ bucket, key: 'items.json' }),
      maxConcurrency: 8,
      toleratedFailurePercentage: 5,
      label: 'many',
    }).itemProcessor(each);
    many.addRetry({ errors: [Errors.TASKS_FAILED], maxAttempts: 1, maxDelay: Duration.seconds(9) });
    many.addCatch(Pass.jsonata(stack, 'Caught'), { outputs: { why: '{% $states.errorOutput %}' } });
    const choose = Choice.jsonata(stack, 'Choose')
      .when(Condition.jsonata("{% $answer = 'go' %}"), many)
      .otherwise(Succeed.jsonata(stack, 'Done'));
    new StateMachine(stack, 'M', {
      definitionBody: DefinitionBody.fromChainable(wait.next(choose)),
      queryLanguage: QueryLanguage.JSONATA,
      timeout: Duration.hours(2),
    });
    const [resource] = Object.values(Template.fromStack(stack).findResources('AWS::StepFunctions::StateMachine'));
    const text = JSON.stringify(resource?.['Properties'].DefinitionString);
    const parts = JSON.parse(text)['Fn::Join'][1] as unknown[];
    const definition = parts.map((part) => (typeof part === 'string' ? part : 'aws')).join('');
    expect(problemsOf(JSON.parse(definition) as Json)).toEqual([]);
    expect(definition).toContain('"ReaderConfig":{"InputType":"JSON"}');
  });
});
