import type { Catcher, ChoiceRule, Next, Retrier, State, StateGroup } from './definition.ts';
import type { DefinitionObject, DefinitionReader } from './definition-reader.ts';
import { isExpressionText } from './expression.ts';
import { isJsonObject, type Json } from './json.ts';
import { loadMapState } from './load-map-state.ts';
import { isNestedExecution, parseTaskResource, type TaskResource } from './task-resource.ts';
import { parseTimestampMs } from './timestamp.ts';

const COMMON = ['Type', 'Comment', 'QueryLanguage'];
const FLOW = [...COMMON, 'Next', 'End', 'Output', 'Assign'];
const FIELDS: Readonly<Record<State['type'], readonly string[]>> = {
  Pass: FLOW,
  Task: [...FLOW, 'Resource', 'Arguments', 'TimeoutSeconds', 'HeartbeatSeconds', 'Retry', 'Catch'],
  Choice: [...COMMON, 'Choices', 'Default', 'Output', 'Assign'],
  Wait: [...FLOW, 'Seconds', 'Timestamp'],
  Succeed: [...COMMON, 'Output'],
  Fail: [...COMMON, 'Error', 'Cause'],
  Parallel: [...FLOW, 'Arguments', 'Branches', 'Retry', 'Catch'],
  Map: [
    ...FLOW,
    'Items',
    'ItemSelector',
    'ItemProcessor',
    'MaxConcurrency',
    'ItemReader',
    'ItemBatcher',
    'ResultWriter',
    'ToleratedFailureCount',
    'ToleratedFailurePercentage',
    'Label',
    'Retry',
    'Catch',
  ],
};
const TYPES = Object.keys(FIELDS) as State['type'][];

/** Longest time a state may wait or run, in seconds (developer guide: Wait, Task). */
const MAX_SECONDS = 99_999_999;

/** Loads one state; undefined when a problem prevents it. `loadGroup` loads the groups nested in it. */
export function loadState(
  reader: DefinitionReader,
  name: string,
  value: Json,
  path: string,
  loadGroup: (value: Json | undefined, path: string, extraFields: readonly string[]) => StateGroup | undefined,
): State | undefined {
  const type = isJsonObject(value) ? TYPES.find((candidate) => candidate === value['Type']) : undefined;
  if (type === undefined) {
    reader.problem(`${path}/Type`, `The field 'Type' should have one of these values: [${TYPES.join(', ')}]`);
    return undefined;
  }
  const object = reader.object(value, path, FIELDS[type]);
  if (!object) return undefined;
  if (object.value['QueryLanguage'] !== undefined && object.value['QueryLanguage'] !== 'JSONata') {
    reader.problem(`${path}/QueryLanguage`, "'QueryLanguage' must be 'JSONata': JSONPath states are not run here");
  }
  const base = {
    name,
    path,
    output: reader.template(object, 'Output'),
    assign: reader.assignments(object),
    retry: loadRetry(reader, object),
    catch: loadCatch(reader, object),
  };
  switch (type) {
    case 'Pass':
      return { ...base, type, next: loadNext(reader, object) };
    case 'Succeed':
      return { ...base, type };
    case 'Fail':
      return {
        ...base,
        type,
        error: reader.stringTemplate(object, 'Error'),
        cause: reader.stringTemplate(object, 'Cause'),
      };
    case 'Wait': {
      const seconds = reader.numberTemplate(object, 'Seconds', 0, MAX_SECONDS);
      const timestamp = loadTimestamp(reader, object);
      if ((seconds === undefined) === (timestamp === undefined)) {
        reader.problem(path, "A Wait state needs exactly one of the fields 'Seconds' and 'Timestamp'");
      }
      return { ...base, type, seconds, timestamp, next: loadNext(reader, object) };
    }
    case 'Choice':
      return {
        ...base,
        type,
        choices: loadChoices(reader, object),
        default: reader.string(object, 'Default', false),
      };
    case 'Task': {
      const resource = loadResource(reader, object);
      const timeoutSeconds = reader.numberTemplate(object, 'TimeoutSeconds', 1, MAX_SECONDS);
      const heartbeatSeconds = reader.numberTemplate(object, 'HeartbeatSeconds', 1, MAX_SECONDS);
      if (
        timeoutSeconds?.kind === 'constant' &&
        heartbeatSeconds?.kind === 'constant' &&
        Number(heartbeatSeconds.value) >= Number(timeoutSeconds.value)
      ) {
        reader.problem(`${path}/HeartbeatSeconds`, "'HeartbeatSeconds' must be smaller than 'TimeoutSeconds'");
      }
      const next = loadNext(reader, object);
      if (!resource) return undefined;
      return {
        ...base,
        type,
        resource,
        arguments: reader.template(object, 'Arguments'),
        timeoutSeconds,
        heartbeatSeconds,
        next,
      };
    }
    case 'Parallel': {
      const branches = (reader.list(object, 'Branches') ?? []).map((branch, index) =>
        loadGroup(branch, `${path}/Branches/${index}`, []),
      );
      if (object.value['Branches'] === undefined) reader.problem(path, 'These fields are required: [Branches]');
      return {
        ...base,
        type,
        arguments: reader.template(object, 'Arguments'),
        branches: branches.filter((branch) => branch !== undefined),
        next: loadNext(reader, object),
      };
    }
    case 'Map':
      return loadMapState(reader, object, { ...base, next: loadNext(reader, object) }, loadGroup);
  }
}

function loadNext(reader: DefinitionReader, object: DefinitionObject): Next {
  const { Next: next, End: end } = object.value;
  if (end !== undefined && end !== true) reader.problem(`${object.path}/End`, "'End' must be true when it is given");
  if ((next === undefined) === (end === undefined)) {
    reader.problem(object.path, "A state needs exactly one of the fields 'Next' and 'End'");
  }
  return reader.string(object, 'Next', false);
}

function loadResource(reader: DefinitionReader, object: DefinitionObject): TaskResource | undefined {
  const arn = reader.string(object, 'Resource', true);
  if (arn === undefined) return undefined;
  const path = `${object.path}/Resource`;
  const resource = parseTaskResource(arn);
  if (!resource || !(isNestedExecution(resource) || reader.options.supports(resource))) {
    reader.problem(path, `The resource provided ${arn} is not recognized: this engine has no integration for it`);
    return undefined;
  }
  if (reader.options.type === 'EXPRESS' && resource.pattern !== 'request') {
    const suffix = resource.pattern === 'token' ? '.waitForTaskToken' : '.sync';
    reader.problem(path, `Express state machine does not support '${suffix}' service integration`);
  }
  return resource;
}

function loadTimestamp(reader: DefinitionReader, object: DefinitionObject) {
  const template = reader.stringTemplate(object, 'Timestamp');
  if (template?.kind === 'constant' && parseTimestampMs(String(template.value)) === undefined) {
    reader.problem(`${object.path}/Timestamp`, 'String does not match RFC3339 timestamp');
  }
  return template;
}

function loadChoices(reader: DefinitionReader, object: DefinitionObject): ChoiceRule[] {
  if (object.value['Choices'] === undefined) reader.problem(object.path, 'These fields are required: [Choices]');
  return (reader.list(object, 'Choices') ?? []).flatMap((value, index) => {
    const path = `${object.path}/Choices/${index}`;
    const within = `Choices[${index}]/`;
    const rule = reader.object(value, path, ['Condition', 'Next', 'Comment', 'Output', 'Assign']);
    if (!rule) return [];
    const condition = rule.value['Condition'];
    const next = reader.string(rule, 'Next', true);
    if (typeof condition !== 'boolean' && !(typeof condition === 'string' && isExpressionText(condition))) {
      reader.problem(`${path}/Condition`, "The field 'Condition' must be true, false or a JSONata expression");
      return [];
    }
    const template = reader.template(rule, 'Condition', within);
    if (!template || next === undefined) return [];
    const output = reader.template(rule, 'Output', within);
    return [{ condition: template, next, output, assign: reader.assignments(rule, within) }];
  });
}

function loadErrorEquals(reader: DefinitionReader, object: DefinitionObject, isLast: boolean): readonly string[] {
  const names = reader.list(object, 'ErrorEquals');
  const path = `${object.path}/ErrorEquals`;
  if (object.value['ErrorEquals'] === undefined)
    reader.problem(object.path, 'These fields are required: [ErrorEquals]');
  if (!names) return [];
  const strings = names.filter((name) => typeof name === 'string');
  if (strings.length !== names.length) reader.problem(path, 'Every error name must be a string');
  if (strings.includes('States.ALL') && (strings.length > 1 || !isLast)) {
    reader.problem(path, "'States.ALL' must stand alone and in the last entry");
  }
  return strings;
}

function loadRetry(reader: DefinitionReader, object: DefinitionObject): Retrier[] {
  const values = reader.list(object, 'Retry', 0) ?? [];
  return values.flatMap((value, index) => {
    const retrier = reader.object(value, `${object.path}/Retry/${index}`, [
      'ErrorEquals',
      'IntervalSeconds',
      'MaxAttempts',
      'BackoffRate',
      'MaxDelaySeconds',
      'JitterStrategy',
      'Comment',
    ]);
    if (!retrier) return [];
    return [
      {
        errorEquals: loadErrorEquals(reader, retrier, index === values.length - 1),
        intervalSeconds: reader.number(retrier, 'IntervalSeconds', 1, MAX_SECONDS) ?? 1,
        maxAttempts: reader.number(retrier, 'MaxAttempts', 0, MAX_SECONDS) ?? 3,
        backoffRate: reader.number(retrier, 'BackoffRate', 1, Number.MAX_VALUE, false) ?? 2,
        maxDelaySeconds: reader.number(retrier, 'MaxDelaySeconds', 1, 31_622_400),
        jitter: reader.oneOf(retrier, 'JitterStrategy', ['FULL', 'NONE']) ?? 'NONE',
      },
    ];
  });
}

function loadCatch(reader: DefinitionReader, object: DefinitionObject): Catcher[] {
  const values = reader.list(object, 'Catch', 0) ?? [];
  return values.flatMap((value, index) => {
    const within = `Catch[${index}]/`;
    const catcher = reader.object(value, `${object.path}/Catch/${index}`, [
      'ErrorEquals',
      'Next',
      'Output',
      'Assign',
      'Comment',
    ]);
    if (!catcher) return [];
    return [
      {
        errorEquals: loadErrorEquals(reader, catcher, index === values.length - 1),
        next: reader.string(catcher, 'Next', true) ?? '',
        output: reader.template(catcher, 'Output', within),
        assign: reader.assignments(catcher, within),
      },
    ];
  });
}
