import type { MachineDefinition, State, StateGroup } from './definition.ts';
import { DefinitionReader, type LoadOptions } from './definition-reader.ts';
import { DefinitionError } from './errors.ts';
import { isJsonObject, type Json } from './json.ts';
import { loadState } from './load-state.ts';
import { checkVariableScopes } from './variable-scopes.ts';

/** Largest TimeoutSeconds of a machine. */
const MAX_EXECUTION_SECONDS = 99_999_999;

/**
 * Loads a state machine definition in the Amazon States Language with the JSONata query language.
 * Whatever this engine does not know is a problem; all problems are thrown together as a DefinitionError.
 * Source: https://states-language.net/spec.html and the Step Functions developer guide.
 */
export function loadDefinition(definition: string | Json, options: LoadOptions): MachineDefinition {
  const reader = new DefinitionReader(options);
  const json = typeof definition === 'string' ? parseDefinition(reader, definition) : definition;
  const machine = json === undefined ? undefined : loadMachine(reader, json);
  if (machine) checkVariableScopes(reader, machine);
  if (!machine || reader.problems.length > 0) throw new DefinitionError(reader.problems);
  return machine;
}

function parseDefinition(reader: DefinitionReader, text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    reader.problem('', `Definition must be a valid JSON object: ${(cause as Error).message}`);
    return undefined;
  }
}

function loadMachine(reader: DefinitionReader, json: Json): MachineDefinition | undefined {
  const group = loadGroup(reader, json, '', ['Version', 'TimeoutSeconds']);
  if (!group || !isJsonObject(json)) return undefined;
  const root = { value: json, path: '' };
  reader.oneOf(root, 'Version', ['1.0']);
  if (json['QueryLanguage'] !== 'JSONata') checkEveryStateIsJsonata(reader, json['States']);
  return { ...group, timeoutSeconds: reader.number(root, 'TimeoutSeconds', 1, MAX_EXECUTION_SECONDS) };
}

/** Without a query language of the machine, each top-level state must name JSONata itself; the default is JSONPath. */
function checkEveryStateIsJsonata(reader: DefinitionReader, states: Json | undefined): void {
  if (!isJsonObject(states)) return;
  for (const [name, state] of Object.entries(states)) {
    if (isJsonObject(state) && state['QueryLanguage'] !== 'JSONata' && usesQueryLanguage(state)) {
      reader.problem(
        `/States/${name}`,
        "The query language of this state is JSONPath (the default), which is not run here: set 'QueryLanguage' to 'JSONata' for the machine",
      );
    }
  }
}

/** A Succeed or Fail state without expressions means the same in both query languages. */
function usesQueryLanguage(state: { readonly [key: string]: Json }): boolean {
  return !((state['Type'] === 'Succeed' || state['Type'] === 'Fail') && !JSON.stringify(state).includes('{%'));
}

function loadGroup(
  reader: DefinitionReader,
  value: Json | undefined,
  path: string,
  extraFields: readonly string[],
): StateGroup | undefined {
  const group = reader.object(value, path, ['Comment', 'QueryLanguage', 'StartAt', 'States', ...extraFields]);
  if (!group) return undefined;
  reader.oneOf(group, 'QueryLanguage', ['JSONata']);
  const missing = ['StartAt', 'States'].filter((field) => group.value[field] === undefined);
  if (missing.length > 0) {
    reader.problem(path, `These fields are required: [${missing.join(', ')}]`);
    return undefined;
  }
  const startAt = reader.string(group, 'StartAt', true);
  const values = group.value['States'];
  if (!isJsonObject(values) || startAt === undefined) {
    reader.problem(`${path}/States`, "The field 'States' must be an object of states");
    return undefined;
  }
  const states = new Map<string, State>();
  for (const [name, stateValue] of Object.entries(values)) {
    const statePath = `${path}/States/${name}`;
    if (name.length === 0 || name.length > 80) reader.problem(statePath, 'A state name has 1 to 80 characters');
    if (reader.stateNames.has(name))
      reader.problem(statePath, `The state name '${name}' is used twice in this machine`);
    reader.stateNames.add(name);
    const state = loadState(reader, name, stateValue, statePath, (nested, nestedPath, fields) =>
      loadGroup(reader, nested, nestedPath, fields),
    );
    if (state) states.set(name, state);
  }
  checkTransitions(reader, path, startAt, states, Object.keys(values));
  return { startAt, states };
}

function targets(state: State): string[] {
  const next = 'next' in state && state.next !== undefined ? [state.next] : [];
  const caught = state.catch.map((catcher) => catcher.next);
  if (state.type !== 'Choice') return [...next, ...caught];
  return [...state.choices.map((rule) => rule.next), ...(state.default === undefined ? [] : [state.default])];
}

/** Every transition must lead to a state of the group, and every state must be reachable from its start. */
function checkTransitions(
  reader: DefinitionReader,
  path: string,
  startAt: string,
  states: ReadonlyMap<string, State>,
  names: readonly string[],
): void {
  const known = new Set(names);
  if (!known.has(startAt))
    reader.problem(`${path}/StartAt`, `MISSING_TRANSITION_TARGET: Missing 'Next' target: ${startAt}`);
  const reached = new Set<string>();
  const open = [startAt];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    const state = states.get(name);
    if (!state) return; // The state itself was refused: what it leads to is unknown.
    for (const target of targets(state)) {
      if (!known.has(target)) {
        reader.problem(`${path}/States/${name}`, `MISSING_TRANSITION_TARGET: Missing transition target: ${target}`);
        continue;
      }
      open.push(target);
    }
  }
  for (const name of names) {
    if (!reached.has(name)) reader.problem(`${path}/States/${name}`, `State "${name}" is not reachable`);
  }
}
