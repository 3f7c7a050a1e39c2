import { UnrunnableTemplateError } from './errors.ts';

export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/**
 * What the intrinsic functions of a template stand for. Each method throws UnrunnableTemplateError for a name that does not exist.
 */
export interface Scope {
  /** `Ref` of a resource, parameter or pseudo parameter. */
  ref(logicalId: string): Json;
  /** `Fn::GetAtt`. */
  attribute(logicalId: string, name: string): Json;
  /** `Fn::ImportValue`. */
  importValue(exportName: string): Json;
  /** A condition of the template, by name. */
  condition(name: string): boolean;
  /** `Fn::FindInMap`. */
  mapping(map: string, topKey: string, secondKey: string): Json;
}

/** Stands for `AWS::NoValue`: the property, or the element of a list, is left out. */
const NO_VALUE = Symbol('AWS::NoValue');
type Resolved = Json | typeof NO_VALUE;

/**
 * Replaces the intrinsic functions in `value`.
 * Source: CloudFormation template reference, "Intrinsic function reference".
 * @param place where the value stands (stack, logical id, property), for messages
 */
export function resolveIntrinsics(value: Json, scope: Scope, place: string): Json | undefined {
  const resolved = resolve(value, scope, place);
  return resolved === NO_VALUE ? undefined : resolved;
}

/** The truth of a condition function or of a reference to a named condition. */
export function resolveCondition(value: Json, scope: Scope, place: string): boolean {
  const resolved = resolve(value, scope, place);
  if (typeof resolved !== 'boolean')
    throw refused(place, `a condition must be true or false, got ${JSON.stringify(value)}`);
  return resolved;
}

function refused(place: string, what: string): UnrunnableTemplateError {
  return new UnrunnableTemplateError([`${place}: ${what}`]);
}

function resolve(value: Json, scope: Scope, place: string): Resolved {
  if (Array.isArray(value)) {
    return value
      .map((element) => resolve(element, scope, place))
      .filter((element): element is Json => element !== NO_VALUE);
  }
  if (typeof value !== 'object' || value === null) return value;
  const names = Object.keys(value);
  const [name] = names;
  if (names.length === 1 && name !== undefined && (name === 'Ref' || name === 'Condition' || name.startsWith('Fn::'))) {
    const call = FUNCTIONS[name];
    if (call !== undefined && !(name === 'Condition' && typeof value[name] !== 'string')) {
      return call(value[name]!, scope, place);
    }
    if (name !== 'Condition') {
      throw refused(
        place,
        `the intrinsic function ${name} is not known here; known are ${Object.keys(FUNCTIONS).join(', ')}`,
      );
    }
  }
  const resolved: { [name: string]: Json } = {};
  for (const [key, inner] of Object.entries(value)) {
    const result = resolve(inner, scope, place);
    if (result !== NO_VALUE) resolved[key] = result;
  }
  return resolved;
}

type IntrinsicFunction = (argument: Json, scope: Scope, place: string) => Resolved;

const FUNCTIONS: Readonly<Record<string, IntrinsicFunction>> = {
  Ref: (argument, scope, place) => {
    const name = text(argument, 'Ref', place);
    return name === 'AWS::NoValue' ? NO_VALUE : scope.ref(name);
  },
  Condition: (argument, scope, place) => scope.condition(text(argument, 'Condition', place)),
  'Fn::GetAtt': (argument, scope, place) => {
    const [logicalId, ...path] =
      typeof argument === 'string'
        ? argument.split('.')
        : list(argument, 'Fn::GetAtt', place).map((part) => text(part, 'Fn::GetAtt', place));
    return scope.attribute(logicalId ?? '', path.join('.'));
  },
  'Fn::ImportValue': (argument, scope, place) =>
    scope.importValue(text(resolve(argument, scope, place), 'Fn::ImportValue', place)),
  'Fn::Join': (argument, scope, place) => {
    const [separator, parts] = list(argument, 'Fn::Join', place);
    return list(resolve(parts ?? null, scope, place), 'Fn::Join', place)
      .map((part) => scalar(part, 'Fn::Join', place))
      .join(text(separator ?? null, 'Fn::Join', place));
  },
  'Fn::Split': (argument, scope, place) => {
    const [separator, source] = list(argument, 'Fn::Split', place);
    return text(resolve(source ?? null, scope, place), 'Fn::Split', place).split(
      text(separator ?? null, 'Fn::Split', place),
    );
  },
  'Fn::Select': (argument, scope, place) => {
    const [index, source] = list(argument, 'Fn::Select', place);
    const elements = list(resolve(source ?? null, scope, place), 'Fn::Select', place);
    const selected = elements[Number(resolve(index ?? null, scope, place))];
    if (selected === undefined)
      throw refused(place, `Fn::Select of ${JSON.stringify(index)} from ${elements.length} elements`);
    return selected;
  },
  'Fn::Sub': (argument, scope, place) => {
    const [template, variables] = typeof argument === 'string' ? [argument, {}] : list(argument, 'Fn::Sub', place);
    const local = resolve(variables ?? {}, scope, place) as { [name: string]: Json };
    return text(template ?? null, 'Fn::Sub', place).replace(
      /\$\{(!?)([^}]+)\}/g,
      (_, literal: string, name: string) => {
        if (literal === '!') return `\${${name}}`;
        const own = local[name];
        if (own !== undefined) return scalar(own, 'Fn::Sub', place);
        const dot = name.indexOf('.');
        return scalar(
          dot < 0 ? scope.ref(name) : scope.attribute(name.slice(0, dot), name.slice(dot + 1)),
          'Fn::Sub',
          place,
        );
      },
    );
  },
  'Fn::FindInMap': (argument, scope, place) => {
    const [map, topKey, secondKey] = list(resolve(argument, scope, place), 'Fn::FindInMap', place).map((part) =>
      text(part, 'Fn::FindInMap', place),
    );
    return scope.mapping(map ?? '', topKey ?? '', secondKey ?? '');
  },
  'Fn::If': (argument, scope, place) => {
    const [condition, whenTrue, whenFalse] = list(argument, 'Fn::If', place);
    const chosen = scope.condition(text(condition ?? null, 'Fn::If', place)) ? whenTrue : whenFalse;
    return resolve(chosen ?? null, scope, place);
  },
  'Fn::Equals': (argument, scope, place) => {
    const [left, right] = list(resolve(argument, scope, place), 'Fn::Equals', place);
    return JSON.stringify(left) === JSON.stringify(right);
  },
  'Fn::And': (argument, scope, place) =>
    list(argument, 'Fn::And', place).every((one) => resolveCondition(one, scope, place)),
  'Fn::Or': (argument, scope, place) =>
    list(argument, 'Fn::Or', place).some((one) => resolveCondition(one, scope, place)),
  'Fn::Not': (argument, scope, place) => !resolveCondition(list(argument, 'Fn::Not', place)[0] ?? null, scope, place),
};

function text(value: Resolved, call: string, place: string): string {
  if (typeof value === 'string') return value;
  throw refused(place, `${call} needs a string, got ${JSON.stringify(value)}`);
}

function scalar(value: Json, call: string, place: string): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw refused(place, `${call} needs text, got ${JSON.stringify(value)}`);
}

function list(value: Resolved, call: string, place: string): Json[] {
  if (Array.isArray(value)) return value;
  throw refused(place, `${call} needs a list, got ${JSON.stringify(value)}`);
}
