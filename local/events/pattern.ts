/**
 * EventBridge event patterns: which events a rule is about.
 * Source: EventBridge user guide, "Creating Amazon EventBridge event patterns" and "Comparison operators".
 */
import type { Json } from '../template/intrinsics.ts';

/** Answers whether an event matches. */
export type EventMatcher = (event: Json) => boolean;

/** A pattern that EventBridge would refuse, or that uses an operator unknown here. */
export class EventPatternError extends Error {
  override readonly name = 'EventPatternError';
  readonly code = 'INVALID_EVENT_PATTERN';
  readonly retryable = false;
}

type ValueTest = (value: Json | undefined) => boolean;
type JsonObject = { [name: string]: Json };

/** @throws EventPatternError naming the path in the pattern */
export function compilePattern(pattern: Json): EventMatcher {
  const test = compileObject(asObject(pattern, ''), '');
  return (event) => test([event]);
}

/** A test over the candidates at one place: an event's array offers each of its elements. */
type Test = (candidates: readonly (Json | undefined)[]) => boolean;

function compileObject(pattern: JsonObject, path: string): Test {
  const tests = Object.entries(pattern).map(([name, inner]): Test => {
    const innerPath = path === '' ? name : `${path}.${name}`;
    if (name === '$or') {
      if (!Array.isArray(inner) || inner.length < 2)
        throw new EventPatternError(`${innerPath} needs a list of at least two patterns.`);
      const alternatives = inner.map((one, index) =>
        compileObject(asObject(one, `${innerPath}[${index}]`), `${innerPath}[${index}]`),
      );
      return (candidates) => alternatives.some((alternative) => alternative(candidates));
    }
    const test = Array.isArray(inner)
      ? compileValues(inner, innerPath)
      : compileObject(asObject(inner, innerPath), innerPath);
    return (candidates) => test(candidates.flatMap((candidate) => offered(member(candidate, name))));
  });
  if (tests.length === 0)
    throw new EventPatternError(`The pattern at "${path}" is empty; leave it out or name at least one field.`);
  return (candidates) => tests.every((test) => test(candidates));
}

function compileValues(values: readonly Json[], path: string): Test {
  if (values.length === 0) throw new EventPatternError(`${path} needs at least one value.`);
  const tests = values.map((value) => compileValue(value, path));
  return (candidates) =>
    tests.some((test) => (candidates.length === 0 ? test(undefined) : candidates.some((one) => test(one))));
}

function compileValue(value: Json, path: string): ValueTest {
  if (typeof value !== 'object' || value === null) return (candidate) => candidate === value;
  const [[operator, operand] = [], ...others] = Object.entries(asObject(value, path));
  const compile = operator === undefined ? undefined : OPERATORS[operator];
  if (compile === undefined || operand === undefined || others.length > 0) {
    throw new EventPatternError(
      `${path} holds ${JSON.stringify(value)}; known are one of ${Object.keys(OPERATORS).join(', ')}.`,
    );
  }
  return compile(operand, path);
}

const OPERATORS: Readonly<Record<string, (operand: Json, path: string) => ValueTest>> = {
  prefix: (operand, path) => textTest(operand, path, 'prefix', (candidate, text) => candidate.startsWith(text)),
  suffix: (operand, path) => textTest(operand, path, 'suffix', (candidate, text) => candidate.endsWith(text)),
  'equals-ignore-case': (operand, path) => {
    const wanted = asText(operand, path).toLowerCase();
    return (candidate) => typeof candidate === 'string' && candidate.toLowerCase() === wanted;
  },
  wildcard: (operand, path) => {
    const expression = new RegExp(`^${asText(operand, path).split('*').map(escapeExpression).join('.*')}$`, 's');
    return (candidate) => typeof candidate === 'string' && expression.test(candidate);
  },
  exists: (operand, path) => {
    if (typeof operand !== 'boolean') throw new EventPatternError(`${path}: exists needs true or false.`);
    return (candidate) => (candidate !== undefined) === operand;
  },
  'anything-but': (operand, path) => {
    const excluded = (Array.isArray(operand) ? operand : [operand]).map((one) => compileValue(one, path));
    return (candidate) => candidate !== undefined && !excluded.some((test) => test(candidate));
  },
  numeric: compileNumeric,
};

function textTest(
  operand: Json,
  path: string,
  name: string,
  test: (candidate: string, text: string) => boolean,
): ValueTest {
  if (typeof operand === 'object' && operand !== null && !Array.isArray(operand) && 'equals-ignore-case' in operand) {
    const wanted = asText(operand['equals-ignore-case'] ?? null, `${path}: ${name}`).toLowerCase();
    return (candidate) => typeof candidate === 'string' && test(candidate.toLowerCase(), wanted);
  }
  const wanted = asText(operand, `${path}: ${name}`);
  return (candidate) => typeof candidate === 'string' && test(candidate, wanted);
}

const COMPARISONS: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
};

/** `["<", 10]` or `[">", 0, "<=", 5]`. */
function compileNumeric(operand: Json, path: string): ValueTest {
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4)) {
    throw new EventPatternError(
      `${path}: numeric needs one or two pairs of comparison and number, got ${JSON.stringify(operand)}.`,
    );
  }
  const tests: ((value: number) => boolean)[] = [];
  for (let index = 0; index < operand.length; index += 2) {
    const compare = COMPARISONS[String(operand[index])];
    const bound = operand[index + 1];
    if (compare === undefined || typeof bound !== 'number') {
      throw new EventPatternError(
        `${path}: numeric knows ${Object.keys(COMPARISONS).join(' ')} with a number, got ${JSON.stringify(operand)}.`,
      );
    }
    tests.push((value) => compare(value, bound));
  }
  return (candidate) => typeof candidate === 'number' && tests.every((test) => test(candidate));
}

function member(value: Json | undefined, name: string): Json | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

function offered(value: Json | undefined): readonly (Json | undefined)[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function asObject(value: Json, path: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new EventPatternError(
    `${path || 'The pattern'} must be an object or a list of values, got ${JSON.stringify(value)}.`,
  );
}

function asText(value: Json, path: string): string {
  if (typeof value === 'string') return value;
  throw new EventPatternError(`${path} needs a string, got ${JSON.stringify(value)}.`);
}

function escapeExpression(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
