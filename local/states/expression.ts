import jsonata from 'jsonata';
import { type ExpressionSources, expressionFunctions } from './expression-functions.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';

/** The variables an expression sees: `states` and the workflow variables. */
export type Bindings = Record<string, unknown>;

/** A compiled JSONata expression, the text between `{%` and `%}`. */
export interface Expression {
  readonly source: string;
  /** Names of variables the expression reads and does not bind itself. */
  readonly freeVariables: ReadonlySet<string>;
  evaluate(bindings: Bindings): Promise<unknown>;
}

/** A JSON value some of whose strings are expressions, with the path of each within its state, such as `Output/total`. */
export type Template =
  | { readonly kind: 'constant'; readonly value: Json; readonly field: string }
  | { readonly kind: 'expression'; readonly expression: Expression; readonly field: string }
  | { readonly kind: 'array'; readonly items: readonly Template[]; readonly field: string }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [string, Template])[]; readonly field: string };

/** An expression that cannot be compiled; the loader adds where it stands. */
export class ExpressionSyntaxError extends Error {
  override readonly name = 'ExpressionSyntaxError';
  readonly code = 'EXPRESSION_SYNTAX';
  readonly retryable = false;
}

export interface ExpressionCompiler {
  compile(source: string): Expression;
}

type Node = { readonly [key: string]: unknown };

/** Walks a JSONata syntax tree and collects the names of variables read, and of those bound by `:=`, parameters, `@` and `#`. */
function collectVariables(node: unknown, read: Set<string>, bound: Set<string>): void {
  if (Array.isArray(node)) {
    for (const child of node) collectVariables(child, read, bound);
    return;
  }
  if (typeof node !== 'object' || node === null || node instanceof RegExp) return;
  const { type, value, lhs, arguments: args, focus, index } = node as Node;
  if (type === 'variable' && typeof value === 'string') read.add(value);
  if (type === 'bind') bound.add((lhs as { value: string }).value);
  if (type === 'lambda') for (const parameter of args as { value: string }[]) bound.add(parameter.value);
  for (const name of [focus, index]) if (typeof name === 'string') bound.add(name);
  for (const [key, child] of Object.entries(node)) if (key !== 'value') collectVariables(child, read, bound);
}

/** Compiles expressions, each distinct text once. `$eval` is refused: Step Functions does not have it. */
export function createExpressionCompiler(sources: ExpressionSources): ExpressionCompiler {
  const functions = Object.entries(expressionFunctions(sources));
  const compiled = new Map<string, Expression>();

  function compileNew(source: string): Expression {
    let program: jsonata.Expression;
    try {
      program = jsonata(source);
    } catch (cause) {
      const { code = '', message = '' } = cause as { code?: string; message?: string };
      throw new ExpressionSyntaxError(`The JSONata expression '${source}' does not parse: ${code} ${message}`, {
        cause,
      });
    }
    for (const [name, implementation] of functions) program.registerFunction(name, implementation);
    const read = new Set<string>();
    const bound = new Set<string>();
    collectVariables(program.ast(), read, bound);
    if (read.has('eval')) {
      throw new ExpressionSyntaxError(
        `The JSONata expression '${source}' calls $eval, which Step Functions does not have: use $parse for JSON texts`,
      );
    }
    for (const name of bound) read.delete(name);
    return { source, freeVariables: read, evaluate: (bindings) => program.evaluate(undefined, bindings) };
  }

  return {
    compile(source) {
      let expression = compiled.get(source);
      if (!expression) {
        expression = compileNew(source);
        compiled.set(source, expression);
      }
      return expression;
    },
  };
}

/** True for a string that stands for an expression: it begins with `{%` and ends with `%}`. */
export function isExpressionText(text: string): boolean {
  return text.startsWith('{%') && text.endsWith('%}') && text.length >= 4;
}

/** Compiles a JSON value into a template. Parts without expressions become one constant. */
export function compileTemplate(compiler: ExpressionCompiler, value: Json, field: string): Template {
  if (typeof value === 'string') {
    if (isExpressionText(value)) {
      return { kind: 'expression', expression: compiler.compile(value.slice(2, -2).trim()), field };
    }
    if (value.startsWith('{%')) {
      throw new ExpressionSyntaxError(`The string at '${field}' begins with '{%' and does not end with '%}'`);
    }
    return { kind: 'constant', value, field };
  }
  if (Array.isArray(value)) {
    const items = value.map((item: Json, index) => compileTemplate(compiler, item, `${field}[${index}]`));
    return items.every((item) => item.kind === 'constant')
      ? { kind: 'constant', value, field }
      : { kind: 'array', items, field };
  }
  if (isJsonObject(value)) {
    const entries = Object.entries(value).map(
      ([key, item]) => [key, compileTemplate(compiler, item, `${field}/${key}`)] as const,
    );
    return entries.every(([, item]) => item.kind === 'constant')
      ? { kind: 'constant', value, field }
      : { kind: 'object', entries, field };
  }
  return { kind: 'constant', value, field };
}

/** The expressions of a template, in order. */
export function* templateExpressions(template: Template): Generator<Expression> {
  if (template.kind === 'expression') yield template.expression;
  if (template.kind === 'array') for (const item of template.items) yield* templateExpressions(item);
  if (template.kind === 'object') for (const [, item] of template.entries) yield* templateExpressions(item);
}

/** An expression that failed, returned nothing, or returned what JSON cannot hold. */
export class EvaluationError extends Error {
  override readonly name = 'EvaluationError';
  readonly code = 'EVALUATION_FAILED';
  readonly retryable = false;
  /** The path of the field within its state. */
  readonly field: string;

  constructor(field: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.field = field;
  }
}

const UNSUPPORTED = Symbol('not JSON');

/** A plain copy of what JSONata returned (its sequences carry flags, its lambdas are objects), or UNSUPPORTED. */
function toJson(value: unknown): Json | typeof UNSUPPORTED {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : UNSUPPORTED;
  if (Array.isArray(value)) {
    const items: Json[] = [];
    for (const item of value) {
      const copy = toJson(item);
      if (copy === UNSUPPORTED) return UNSUPPORTED;
      items.push(copy);
    }
    return items;
  }
  if (typeof value !== 'object' || value === undefined) return UNSUPPORTED;
  if ('_jsonata_lambda' in value || '_jsonata_function' in value) return UNSUPPORTED;
  const entries: [string, Json][] = [];
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    const copy = toJson(item);
    if (copy === UNSUPPORTED) return UNSUPPORTED;
    entries.push([key, copy]);
  }
  return Object.fromEntries(entries) as JsonObject;
}

/** Evaluates a template; throws EvaluationError with the wording of Step Functions. */
export async function evaluateTemplate(template: Template, bindings: Bindings): Promise<Json> {
  switch (template.kind) {
    case 'constant':
      return template.value;
    case 'array': {
      const items: Json[] = [];
      for (const item of template.items) items.push(await evaluateTemplate(item, bindings));
      return items;
    }
    case 'object': {
      const entries: [string, Json][] = [];
      for (const [key, item] of template.entries) entries.push([key, await evaluateTemplate(item, bindings)]);
      return Object.fromEntries(entries);
    }
    case 'expression': {
      const { expression, field } = template;
      const prefix = `The JSONata expression '${expression.source}' specified for the field '${field}'`;
      let value: unknown;
      try {
        value = await expression.evaluate(bindings);
      } catch (cause) {
        const { code = '', message = String(cause) } = cause as { code?: string; message?: string };
        throw new EvaluationError(field, `${prefix} threw an error during evaluation. ${code}: ${message}`, cause);
      }
      if (value === undefined) throw new EvaluationError(field, `${prefix} returned nothing (undefined).`);
      const json = toJson(value);
      if (json === UNSUPPORTED) throw new EvaluationError(field, `${prefix} returned an unsupported result type.`);
      return json;
    }
  }
}
