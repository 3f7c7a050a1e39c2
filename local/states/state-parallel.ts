import { linkedController, runLimited } from './abortable.ts';
import type { ParallelState } from './definition.ts';
import { BranchAborted } from './errors.ts';
import { branchPath } from './history.ts';
import type { Json } from './json.ts';
import { bindingsOf, branchOf, conclude, type Exit, evaluate, payloadJson, type Visit } from './visit.ts';

/** A Parallel state: all branches at once, each with the state's Arguments (else its input); a failing branch aborts the others. */
export async function runParallel(visit: Visit<ParallelState>): Promise<Exit> {
  const { execution, branch, state, progress } = visit;
  const input = state.arguments ? await evaluate(visit, state.arguments, bindingsOf(visit)) : visit.input;
  payloadJson(input, state.name);
  const startedId = progress?.startedEventId ?? execution.history.record(branch.cursor, 'ParallelStateStarted');
  const { controller, release } = linkedController(branch.signal);
  const result: Json[] = [];
  try {
    await runLimited(state.branches.length, state.branches.length, async (index) => {
      const group = state.branches[index];
      if (!group) return;
      try {
        const nested = progress?.nested.get(index);
        const nestedBranch = branchOf(nested, {
          parent: branch.scope,
          path: branchPath(branch.cursor.branch, state.name, index),
          startedId,
          signal: controller.signal,
          mapContext: branch.mapContext,
        });
        result[index] = await execution.runGroup(group, input, nestedBranch, nested);
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
