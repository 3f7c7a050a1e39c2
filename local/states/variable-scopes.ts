import type { Assignments, State, StateGroup } from './definition.ts';
import type { DefinitionReader } from './definition-reader.ts';
import { type Template, templateExpressions } from './expression.ts';

/**
 * Checks the scopes of workflow variables (developer guide, "Passing data between states with variables"): a name is
 * assigned in one scope only, and the states of a Distributed Map cannot read variables of outer scopes.
 */
export function checkVariableScopes(reader: DefinitionReader, group: StateGroup): void {
  checkGroup(reader, group, new Set(), new Set());
}

/** `outer`: names assigned in enclosing scopes. `hidden`: those of them that a Distributed Map in between hides. */
function checkGroup(
  reader: DefinitionReader,
  group: StateGroup,
  outer: ReadonlySet<string>,
  hidden: ReadonlySet<string>,
): void {
  const own = new Set<string>();
  for (const state of group.states.values()) {
    for (const name of assignedNames(state)) {
      own.add(name);
      if (outer.has(name)) {
        reader.problem(`${state.path}/Assign/${name}`, `The variable '${name}' is already assigned in an outer scope`);
      }
    }
  }
  const visible = new Set([...outer, ...own]);
  for (const state of group.states.values()) {
    for (const template of templatesOf(state)) {
      for (const expression of templateExpressions(template)) {
        for (const name of expression.freeVariables) {
          if (hidden.has(name)) {
            reader.problem(
              `${state.path}/${template.field}`,
              `The variable '$${name}' belongs to a scope outside of the Distributed Map, which its states cannot read: pass it in with 'ItemSelector' or 'BatchInput'`,
            );
          }
        }
      }
    }
    if (state.type === 'Parallel') for (const branch of state.branches) checkGroup(reader, branch, visible, hidden);
    if (state.type === 'Map') {
      checkGroup(reader, state.processor, visible, state.mode === 'DISTRIBUTED' ? visible : hidden);
    }
  }
}

function* assignmentsOf(state: State): Generator<Assignments | undefined> {
  yield state.assign;
  for (const catcher of state.catch) yield catcher.assign;
  if (state.type === 'Choice') for (const rule of state.choices) yield rule.assign;
}

function* assignedNames(state: State): Generator<string> {
  for (const assignments of assignmentsOf(state)) for (const [name] of assignments ?? []) yield name;
}

/** Every template that is evaluated in the state's own scope. */
function* templatesOf(state: State): Generator<Template> {
  for (const assignments of assignmentsOf(state)) for (const [, template] of assignments ?? []) yield template;
  const templates: (Template | undefined)[] = [state.output, ...state.catch.map((catcher) => catcher.output)];
  switch (state.type) {
    case 'Task':
      templates.push(state.arguments, state.timeoutSeconds, state.heartbeatSeconds);
      break;
    case 'Parallel':
      templates.push(state.arguments);
      break;
    case 'Wait':
      templates.push(state.seconds, state.timestamp);
      break;
    case 'Fail':
      templates.push(state.error, state.cause);
      break;
    case 'Choice':
      for (const rule of state.choices) templates.push(rule.condition, rule.output);
      break;
    case 'Map':
      templates.push(state.items, state.itemSelector, state.maxConcurrency);
      if (state.mode === 'DISTRIBUTED') {
        templates.push(
          state.toleratedFailureCount,
          state.toleratedFailurePercentage,
          state.itemReader?.arguments,
          state.itemReader?.config.maxItems,
          state.itemReader?.config.itemsPointer,
          state.itemBatcher?.maxItemsPerBatch,
          state.itemBatcher?.maxInputBytesPerBatch,
          state.itemBatcher?.batchInput,
          state.resultWriter?.destination,
        );
      }
      break;
    case 'Pass':
    case 'Succeed':
      break;
  }
  for (const template of templates) if (template) yield template;
}
