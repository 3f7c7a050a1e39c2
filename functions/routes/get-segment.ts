import type * as z from 'zod';
import { getSegmentAnswer, segmentIdParameter } from '../../contracts/api.ts';
import type { LivePointer } from '../../contracts/registry.ts';
import { RegistryTable } from '../../storage/registry-table.ts';
import { ApiProblem } from '../wiring/api-problem.ts';
import { liveRunReader, provenanceOf } from '../wiring/live-run.ts';
import { routeFunction } from '../wiring/route-function.ts';

/** One live segment's whole card. */

interface Deps {
  readonly registry: RegistryTable;
  readonly liveRun: () => Promise<LivePointer>;
}

export async function getSegment(
  { segmentId }: z.infer<typeof segmentIdParameter>,
  { registry, liveRun }: Deps,
): Promise<z.infer<typeof getSegmentAnswer>> {
  const live = await liveRun();
  const segment = await registry.findSegment(live.runId, segmentId);
  if (!segment) {
    throw new ApiProblem(
      404,
      'Unknown segment',
      `${live.runId} has no segment of this id; GET /segments lists those it has.`,
    );
  }
  return { ...provenanceOf(live), segment };
}

export const handler = routeFunction({
  name: 'get-segment',
  input: segmentIdParameter,
  output: getSegmentAnswer,
  createDeps: (environment) => {
    const registry = new RegistryTable(environment.REGISTRY_TABLE);
    return { registry, liveRun: liveRunReader(registry, Date.now) };
  },
  step: getSegment,
  runOf: ({ runId }) => runId,
});
