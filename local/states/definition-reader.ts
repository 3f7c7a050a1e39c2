import type { Assignments, MachineType } from './definition.ts';
import type { DefinitionProblem } from './errors.ts';
import {
  compileTemplate,
  type ExpressionCompiler,
  ExpressionSyntaxError,
  isExpressionText,
  type Template,
} from './expression.ts';
import { isJsonObject, type Json, type JsonObject, jsonTypeOf } from './json.ts';
import type { TaskResource } from './task-resource.ts';

const JSONPATH_FIELDS: ReadonlySet<string> = new Set([
  'InputPath',
  'OutputPath',
  'ResultPath',
  'Parameters',
  'ResultSelector',
  'Result',
  'ItemsPath',
  'SecondsPath',
  'TimestampPath',
  'ErrorPath',
  'CausePath',
  'TimeoutSecondsPath',
  'HeartbeatSecondsPath',
  'MaxConcurrencyPath',
  'MaxItemsPath',
  'Iterator',
  'Variable',
]);

export interface LoadOptions {
  readonly compiler: ExpressionCompiler;
  readonly type: MachineType;
  /** Asked for each Task resource that is of a known form. */
  readonly supports: (resource: TaskResource) => boolean;
}

/** One object of the definition and where it stands. */
export interface DefinitionObject {
  readonly value: JsonObject;
  /** JSON pointer into the definition. */
  readonly path: string;
}

/** Reads fields of a definition strictly and collects every problem, so that one refusal names them all. */
export class DefinitionReader {
  readonly problems: DefinitionProblem[] = [];
  readonly options: LoadOptions;
  readonly stateNames: Set<string> = new Set();
  readonly labels: Set<string> = new Set();

  constructor(options: LoadOptions) {
    this.options = options;
  }

  problem(path: string, message: string): void {
    this.problems.push({ path: path === '' ? '/' : path, message });
  }

  /** The value as an object that has only the allowed fields. */
  object(value: Json | undefined, path: string, allowed: readonly string[]): DefinitionObject | undefined {
    if (!isJsonObject(value)) {
      this.problem(path, `Expected an object, not ${value === undefined ? 'nothing' : jsonTypeOf(value)}`);
      return undefined;
    }
    for (const field of Object.keys(value)) {
      if (allowed.includes(field)) continue;
      this.problem(
        `${path}/${field}`,
        JSONPATH_FIELDS.has(field)
          ? `The field '${field}' belongs to the JSONPath query language; this engine runs JSONata only`
          : `The field '${field}' is not known here; known are ${allowed.join(', ')}`,
      );
    }
    return { value, path };
  }

  list(object: DefinitionObject, field: string, minimumLength = 1): readonly Json[] | undefined {
    const value = object.value[field];
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.length >= minimumLength) return value;
    this.problem(`${object.path}/${field}`, minimumLength > 0 ? 'Expected a non-empty array' : 'Expected an array');
    return undefined;
  }

  string(object: DefinitionObject, field: string, required: boolean): string | undefined {
    const value = object.value[field];
    if (value === undefined && !required) return undefined;
    if (typeof value === 'string' && value !== '') return value;
    this.problem(`${object.path}/${field}`, `The field '${field}' must be a non-empty string`);
    return undefined;
  }

  oneOf<T extends string>(object: DefinitionObject, field: string, values: readonly T[]): T | undefined {
    const value = object.value[field];
    if (value === undefined) return undefined;
    const found = values.find((candidate) => candidate === value);
    if (found === undefined) {
      this.problem(
        `${object.path}/${field}`,
        `The field '${field}' should have one of these values: [${values.join(', ')}], not ${JSON.stringify(value)}`,
      );
    }
    return found;
  }

  number(
    object: DefinitionObject,
    field: string,
    minimum: number,
    maximum: number,
    integer = true,
  ): number | undefined {
    const value = object.value[field];
    if (value === undefined) return undefined;
    if (typeof value === 'number' && value >= minimum && value <= maximum && (!integer || Number.isInteger(value))) {
      return value;
    }
    const kind = integer ? 'an integer' : 'a number';
    this.problem(`${object.path}/${field}`, `The field '${field}' must be ${kind} from ${minimum} to ${maximum}`);
    return undefined;
  }

  /** A field holding any JSON with expressions in it. `field` becomes its path within the state, as in error causes. */
  template(object: DefinitionObject, field: string, within = ''): Template | undefined {
    const value = object.value[field];
    return value === undefined ? undefined : this.compile(value, `${object.path}/${field}`, `${within}${field}`);
  }

  compile(value: Json, path: string, field: string): Template | undefined {
    try {
      return compileTemplate(this.options.compiler, value, field);
    } catch (error) {
      if (!(error instanceof ExpressionSyntaxError)) throw error;
      this.problem(path, error.message);
      return undefined;
    }
  }

  /** A field holding a number in a range, or an expression that will be checked when it is evaluated. */
  numberTemplate(
    object: DefinitionObject,
    field: string,
    minimum: number,
    maximum: number,
    options: { readonly integer?: boolean; readonly within?: string } = {},
  ): Template | undefined {
    const value = object.value[field];
    if (typeof value === 'string' && isExpressionText(value)) return this.template(object, field, options.within);
    const number = this.number(object, field, minimum, maximum, options.integer ?? true);
    return number === undefined
      ? undefined
      : { kind: 'constant', value: number, field: `${options.within ?? ''}${field}` };
  }

  stringTemplate(object: DefinitionObject, field: string, within = ''): Template | undefined {
    return this.string(object, field, false) === undefined ? undefined : this.template(object, field, within);
  }

  assignments(object: DefinitionObject, within = ''): Assignments | undefined {
    const value = object.value['Assign'];
    if (value === undefined) return undefined;
    const path = `${object.path}/Assign`;
    if (!isJsonObject(value)) {
      this.problem(path, "The field 'Assign' must be an object of variables");
      return undefined;
    }
    const assignments: [string, Template][] = [];
    for (const [name, item] of Object.entries(value)) {
      if (!/^[\p{L}_][\p{L}\p{N}_]{0,79}$/u.test(name) || name === 'states') {
        this.problem(
          `${path}/${name}`,
          `'${name}' is not a variable name: a letter or _, then letters, digits and _, at most 80 in all, and not 'states'`,
        );
        continue;
      }
      const template = this.compile(item, `${path}/${name}`, `${within}Assign/${name}`);
      if (template) assignments.push([name, template]);
    }
    return assignments;
  }
}
