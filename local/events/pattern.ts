/**
 * EventBridge event patterns: which events a rule is about.
 * Source: EventBridge user guide, "Creating Amazon EventBridge event patterns" and "Comparison operators"; for arrays and the limits of
 * operands the readme of aws/event-ruler, which EventBridge runs.
 */
import { BlockList, isIP } from 'node:net';
import type { Json } from '../template/intrinsics.ts';

/** Answers whether an event matches. */
export type EventMatcher = (event: Json) => boolean;

/** A pattern that EventBridge would refuse, or that uses an operator unknown here. */
export class EventPatternError extends Error {
  override readonly name = 'EventPatternError';
  readonly code = 'INVALID_EVENT_PATTERN';
  readonly retryable = false;
}

type JsonObject = { [name: string]: Json };
/** A test of what an event holds at one place: undefined when it holds nothing there. */
type Test = (value: Json | undefined) => boolean;

/** @throws EventPatternError naming the path in the pattern */
export function compilePattern(pattern: Json): EventMatcher {
  return compileObject(asObject(pattern, ''), '');
}

/** All fields must match, and within the same element where the event holds an array of objects. */
function compileObject(pattern: JsonObject, path: string): Test {
  const tests = Object.entries(pattern).map(([name, inner]): Test => {
    const innerPath = path === '' ? name : `${path}.${name}`;
    if (name === '$or') return compileAlternatives(inner, innerPath);
    const test = Array.isArray(inner)
      ? compileValues(inner, innerPath)
      : compileObject(asObject(inner, innerPath), innerPath);
    return (value) => test(member(value, name));
  });
  if (tests.length === 0)
    throw new EventPatternError(`The pattern at "${path}" is empty; leave it out or name at least one field.`);
  return (value) => elementsOf(value).some((element) => tests.every((test) => test(element)));
}

function compileAlternatives(patterns: Json, path: string): Test {
  if (!Array.isArray(patterns) || patterns.length < 2)
    throw new EventPatternError(`${path} needs a list of at least two patterns.`);
  const alternatives = patterns.map((one, index) =>
    compileObject(asObject(one, `${path}[${index}]`), `${path}[${index}]`),
  );
  return (value) => alternatives.some((alternative) => alternative(value));
}

/** One of the values must match, and one element where the event holds an array. Only leaves are compared. */
function compileValues(values: readonly Json[], path: string): Test {
  if (values.length === 0) throw new EventPatternError(`${path} needs at least one value.`);
  const tests = values.map((value) => compileValue(value, path));
  return (value) => elementsOf(value).some((element) => tests.some((test) => test(leaf(element))));
}

function compileValue(value: Json, path: string): Test {
  if (typeof value !== 'object' || value === null) return (candidate) => candidate === value;
  const [[operator, operand] = [], ...others] = Object.entries(asObject(value, path));
  const compile = operator === undefined ? undefined : OPERATORS[operator];
  if (compile === undefined || operand === undefined || others.length > 0) {
    throw new EventPatternError(
      `${path} holds ${JSON.stringify(value)}; known are one of ${Object.keys(OPERATORS).join(', ')}.`,
    );
  }
  return compile(operand, `${path}: ${operator}`);
}

const OPERATORS: Readonly<Record<string, (operand: Json, path: string) => Test>> = {
  prefix: (operand, path) => compileAffix(operand, path, (text, affix) => text.startsWith(affix)),
  suffix: (operand, path) => compileAffix(operand, path, (text, affix) => text.endsWith(affix)),
  'equals-ignore-case': (operand, path) => {
    const wanted = asText(operand, path).toLowerCase();
    return ofText((text) => text.toLowerCase() === wanted);
  },
  wildcard: (operand, path) => {
    const expression = wildcardExpression(asText(operand, path), path);
    return ofText((text) => expression.test(text));
  },
  exists: (operand, path) => {
    if (typeof operand !== 'boolean') throw new EventPatternError(`${path} needs true or false.`);
    return (candidate) => (candidate !== undefined) === operand;
  },
  'anything-but': compileAnythingBut,
  numeric: compileNumeric,
  cidr: compileCidr,
};

/** Operators that `anything-but` may hold, with one text or a list of them. */
const EXCLUDABLE = ['prefix', 'suffix', 'equals-ignore-case', 'wildcard'];

function compileAnythingBut(operand: Json, path: string): Test {
  const excluded = exclusionsOf(operand, path).map((one) => compileValue(one, path));
  return (candidate) => candidate !== undefined && !excluded.some((test) => test(candidate));
}

function exclusionsOf(operand: Json, path: string): Json[] {
  const listed = (value: Json): Json[] => (Array.isArray(value) ? value : [value]);
  if (typeof operand === 'object' && operand !== null && !Array.isArray(operand)) {
    const [[operator = '', inner = null] = [], ...others] = Object.entries(operand);
    if (!EXCLUDABLE.includes(operator) || others.length > 0) {
      throw new EventPatternError(
        `${path} holds ${JSON.stringify(operand)}; known are one of ${EXCLUDABLE.join(', ')}.`,
      );
    }
    return listed(inner).map((text) => ({ [operator]: asText(text, `${path}: ${operator}`) }));
  }
  const values = listed(operand);
  const [type = 'undefined', ...otherTypes] = new Set(values.map((value) => typeof value));
  if (!['string', 'number'].includes(type) || otherTypes.length > 0)
    throw new EventPatternError(`${path} needs strings only or numbers only, got ${JSON.stringify(operand)}.`);
  return values;
}

function compileAffix(operand: Json, path: string, test: (text: string, affix: string) => boolean): Test {
  if (typeof operand === 'object' && operand !== null && !Array.isArray(operand) && 'equals-ignore-case' in operand) {
    const wanted = asText(operand['equals-ignore-case'] ?? null, path).toLowerCase();
    return ofText((text) => test(text.toLowerCase(), wanted));
  }
  const wanted = asText(operand, path);
  return ofText((text) => test(text, wanted));
}

/** `*` stands for any text; `\\*` and `\\\\` for themselves. */
function wildcardExpression(text: string, path: string): RegExp {
  const parts = text.match(/\\[*\\]|\*|[^*\\]+/g) ?? [];
  if (parts.join('') !== text)
    throw new EventPatternError(`${path} may escape only * and \\ with a backslash, got "${text}".`);
  if (parts.some((part, index) => part === '*' && parts[index + 1] === '*'))
    throw new EventPatternError(`${path} must not have one * behind another, got "${text}".`);
  const literal = (part: string) => (part.startsWith('\\') ? part.slice(1) : part);
  const source = parts.map((part) => (part === '*' ? '.*' : escapeExpression(literal(part)))).join('');
  return new RegExp(`^${source}$`, 's');
}

const COMPARISONS: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
};
const MAX_NUMBER = 5e9;

/** `["<", 10]`, or `[">", 0, "<=", 5]` with the lower bound first. */
function compileNumeric(operand: Json, path: string): Test {
  const refused = (need: string) => new EventPatternError(`${path} needs ${need}, got ${JSON.stringify(operand)}.`);
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4))
    throw refused('one or two pairs of comparison and number');
  const [first, low, second, high] = operand;
  const isRange = String(first).startsWith('>') && String(second).startsWith('<') && Number(low) < Number(high);
  if (operand.length === 4 && !isRange)
    throw refused('the lower bound first and the upper one, which is greater, behind it');
  const tests: ((value: number) => boolean)[] = [];
  for (let index = 0; index < operand.length; index += 2) {
    const compare = COMPARISONS[String(operand[index])];
    const bound = operand[index + 1];
    if (compare === undefined || typeof bound !== 'number' || Math.abs(bound) > MAX_NUMBER)
      throw refused(`${Object.keys(COMPARISONS).join(' ')} with a number from -5e9 to 5e9`);
    tests.push((value) => compare(value, bound));
  }
  return (candidate) => typeof candidate === 'number' && tests.every((test) => test(candidate));
}

/** `10.0.0.0/24`, or the same of IPv6. */
function compileCidr(operand: Json, path: string): Test {
  const text = asText(operand, path);
  const [, address = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const version = isIP(address);
  if (version === 0 || Number(bits) > (version === 4 ? 32 : 128))
    throw new EventPatternError(`${path} needs an address and its number of bits, such as 10.0.0.0/24, got "${text}".`);
  const block = new BlockList();
  block.addSubnet(address, Number(bits), version === 4 ? 'ipv4' : 'ipv6');
  return ofText((candidate) => isIP(candidate) === version && block.check(candidate, version === 4 ? 'ipv4' : 'ipv6'));
}

function ofText(test: (text: string) => boolean): Test {
  return (candidate) => typeof candidate === 'string' && test(candidate);
}

function member(value: Json | undefined, name: string): Json | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

/** The elements of an array, of whatever depth; another value is its own only element, and what is not there is one that is undefined. */
function elementsOf(value: Json | undefined): readonly (Json | undefined)[] {
  if (!Array.isArray(value)) return [value];
  const elements = value.flatMap(elementsOf);
  return elements.length === 0 ? [undefined] : elements;
}

/** An object is not a leaf: at its own place there is nothing to compare. */
function leaf(value: Json | undefined): Json | undefined {
  return typeof value === 'object' && value !== null ? undefined : value;
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
