import type { FailState } from './definition.ts';
import { StateFailure } from './errors.ts';
import { bindingsOf, type Exit, evaluateString, type Visit } from './visit.ts';

/** A Fail state: always throws the failure it describes. */
export async function runFail(visit: Visit<FailState>): Promise<Exit> {
  const bindings = bindingsOf(visit);
  const { error, cause } = visit.state;
  const errorName = error ? await evaluateString(visit, error, bindings) : '';
  throw new StateFailure(errorName, cause ? await evaluateString(visit, cause, bindings) : '');
}
