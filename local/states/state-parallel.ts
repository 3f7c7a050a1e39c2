import { linkedController, runLimited } from './abortable.ts';
import type { ParallelState } from './definition.ts';
import { BranchAborted } from './errors.ts';
import type { Json } from './json.ts';
import { bindingsOf, conclude, type Exit, evaluate, payloadJson, type Visit } from './visit.ts';

/** A Parallel state: all branches at once, each with the state's Arguments (else its input); a failing branch aborts the others. */
export async function runParallel(visit: Visit<ParallelState>): Promise<Exit> {
  const { execution, branch, state } = visit;
  const input = state.arguments ? await evaluate(visit, state.arguments, bindingsOf(visit)) : visit.input;
  payloadJson(input, state.name);
  const startedId = execution.history.record(branch.cursor, 'ParallelStateStarted');
  const { controller, release } = linkedController(branch.signal);
  const result: Json[] = [];
  try {
    await runLimited(state.branches.length, state.branches.length, async (index) => {
      const group = state.branches[index];
      if (!group) return;
      try {
        result[index] = await execution.runGroup(group, input, {
          scope: { variables: new Map(), parent: branch.scope },
          cursor: { eventId: startedId },
          signal: controller.signal,
          mapContext: branch.mapContext,
        });
      } catch (error) {
        controller.abort();
        throw error;
      }
    });
  } catch (error) {
    if (!(error instanceof BranchAborted)) execution.history.record(branch.cursor, 'ParallelStateFailed');
    throw error;
  } finally {
    release();
  }
  execution.history.record(branch.cursor, 'ParallelStateSucceeded');
  return conclude(visit, {
    output: state.output,
    assign: state.assign,
    fallback: result,
    next: state.next,
    bindings: bindingsOf(visit, { result }),
  });
}
