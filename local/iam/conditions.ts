import { arnPattern, textPattern } from './patterns.ts';

/** Operator -> condition key -> the values that it may have. */
export type ConditionBlock = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** Condition keys of a request, in lower case: `s3:prefix`, `aws:sourcearn`. A key that the request does not have is absent. */
export type RequestContext = ReadonlyMap<string, string>;

interface Operator {
  readonly matches: (wanted: string) => (given: string) => boolean;
  /** True where the operator says that a key must not have the values. */
  readonly negated: boolean;
}

const equal = (wanted: string) => (given: string) => given === wanted;
const operator = (matches: Operator['matches'], negated = false): Operator => ({ matches, negated });

const OPERATORS: Readonly<Record<string, Operator>> = {
  StringEquals: operator(equal),
  StringNotEquals: operator(equal, true),
  StringLike: operator(textPattern),
  StringNotLike: operator(textPattern, true),
  ArnEquals: operator(arnPattern),
  ArnLike: operator(arnPattern),
  ArnNotEquals: operator(arnPattern, true),
  ArnNotLike: operator(arnPattern, true),
  Bool: operator((wanted) => (given) => given.toLowerCase() === wanted.toLowerCase()),
};

const IF_EXISTS = 'IfExists';

/** The operators of a block that are not known here, with those that are. */
export function unknownOperators(block: ConditionBlock): string[] {
  return Object.keys(block).filter((name) => operatorOf(name) === undefined);
}

export const knownOperators = [...Object.keys(OPERATORS), 'Null'];

function operatorOf(name: string): Operator | 'Null' | undefined {
  if (name === 'Null') return 'Null';
  const plain = name.endsWith(IF_EXISTS) ? name.slice(0, -IF_EXISTS.length) : name;
  return OPERATORS[plain];
}

/**
 * Whether a request meets a Condition block: every operator and every key of it, by one of the key's values.
 * Source: IAM User Guide, "Conditions with multiple context keys or values" and "Condition operators"; there also that a key which the
 * request does not have fails a plain operator, and meets a negated one and one that ends in IfExists.
 */
export function conditionMatcher(block: ConditionBlock): (context: RequestContext) => boolean {
  const tests = Object.entries(block).flatMap(([name, keys]) =>
    Object.entries(keys).map(([key, values]) => keyTest(name, key.toLowerCase(), [values].flat())),
  );
  return (context) => tests.every((test) => test(context));
}

function keyTest(name: string, key: string, values: readonly string[]): (context: RequestContext) => boolean {
  const known = operatorOf(name);
  if (known === undefined) throw new TypeError(`the condition operator ${name} is not known`);
  if (known === 'Null') return (context) => values.includes(String(!context.has(key)));
  const matchers = values.map(known.matches);
  return (context) => {
    const given = context.get(key);
    if (given === undefined) return known.negated || name.endsWith(IF_EXISTS);
    return matchers.some((matches) => matches(given)) !== known.negated;
  };
}
