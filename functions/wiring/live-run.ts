import type { LivePointer } from '../../contracts/registry.ts';
import type { RegistryTable } from '../../storage/registry-table.ts';
import { ApiProblem } from './api-problem.ts';

/** Where an answer of the live run comes from. */
export function provenanceOf({ runId, modelVersion, asOf }: LivePointer) {
  return { runId, modelVersion, featuresAsOf: asOf };
}

const cachedForMs = 5000;

/** The live run, read again at most every 5 s. */
export function liveRunReader(registry: RegistryTable, nowMs: () => number): () => Promise<LivePointer> {
  let cached: { readonly pointer: LivePointer; readonly atMs: number } | undefined;
  return async () => {
    if (cached && nowMs() - cached.atMs < cachedForMs) return cached.pointer;
    const pointer = await registry.findLive();
    if (!pointer) {
      throw new ApiProblem(
        404,
        'No live run',
        'No run is live yet: drop files into inbox/ and wait for the first run.',
      );
    }
    cached = { pointer, atMs: nowMs() };
    return pointer;
  };
}
