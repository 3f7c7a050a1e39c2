import type { ChoiceState } from './definition.ts';
import { bindingsOf, conclude, type Exit, evaluateBoolean, stateFailure, type Visit } from './visit.ts';

/** A Choice state: the first rule whose condition is true, else the Default. A rule's Output and Assign replace the state's. */
export async function runChoice(visit: Visit<ChoiceState>): Promise<Exit> {
  const { state, input } = visit;
  const bindings = bindingsOf(visit);
  for (const rule of state.choices) {
    if (await evaluateBoolean(visit, rule.condition, bindings)) {
      return conclude(visit, { output: rule.output, assign: rule.assign, fallback: input, next: rule.next, bindings });
    }
  }
  if (state.default === undefined) {
    throw stateFailure(visit, 'States.NoChoiceMatched', 'No choice rule matched and there is no Default.');
  }
  return conclude(visit, {
    output: state.output,
    assign: state.assign,
    fallback: input,
    next: state.default,
    bindings,
  });
}
