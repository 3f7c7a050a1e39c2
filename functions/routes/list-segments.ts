import type * as z from 'zod';
import { listSegmentsAnswer, noParameters, segmentSummarySchema } from '../../contracts/api.ts';
import type { LivePointer } from '../../contracts/registry.ts';
import { RegistryTable } from '../../storage/registry-table.ts';
import { liveRunReader, provenanceOf } from '../wiring/live-run.ts';
import { routeFunction } from '../wiring/route-function.ts';

/** The live segments, largest first. */

interface Deps {
  readonly registry: RegistryTable;
  readonly liveRun: () => Promise<LivePointer>;
}

export async function listSegments(
  _input: z.infer<typeof noParameters>,
  { registry, liveRun }: Deps,
): Promise<z.infer<typeof listSegmentsAnswer>> {
  const live = await liveRun();
  const cards = await registry.listSegments(live.runId);
  cards.sort((a, b) => b.customers - a.customers || (a.segmentId < b.segmentId ? -1 : 1));
  return { ...provenanceOf(live), data: cards.map((card) => segmentSummarySchema.strip().parse(card)) };
}

export const handler = routeFunction({
  name: 'list-segments',
  input: noParameters,
  output: listSegmentsAnswer,
  createDeps: (environment) => {
    const registry = new RegistryTable(environment.REGISTRY_TABLE);
    return { registry, liveRun: liveRunReader(registry, Date.now) };
  },
  step: listSegments,
  runOf: ({ runId }) => runId,
});
