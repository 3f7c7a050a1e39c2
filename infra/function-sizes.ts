import type { FunctionName } from '../contracts/environments.ts';

/** What a function gets of a machine; Lambda gives one vCPU per 1,769 MB. */
export interface FunctionSize {
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
}

/** For work on a whole file, partition or run. */
const large: FunctionSize = { memoryMb: 3008, timeoutSeconds: 900 };
/** For a few small reads and writes. */
const small: FunctionSize = { memoryMb: 512, timeoutSeconds: 60 };
/** For a request of the API, which waits 30 s at most (API Gateway quotas, "Maximum integration timeout" of HTTP APIs). */
const route: FunctionSize = { memoryMb: 512, timeoutSeconds: 30 };

/** For a request that runs an encoder. */
const encodingRoute: FunctionSize = { ...route, memoryMb: large.memoryMb };

export const functionSizes: Readonly<Record<FunctionName, FunctionSize>> = {
  'ingest-file': large,
  'ingest-matrix': large,
  'start-run-when-quiet': small,
  'resume-model-job': small,
  'open-run': small,
  'plan-run': small,
  'build-features': large,
  'collect-texts': large,
  'submit-model-job': small,
  'run-model-job': large,
  'cache-embeddings': large,
  'build-vectors': large,
  'fit-output-layer': large,
  'project-vectors': large,
  'place-vectors': large,
  'cluster-vectors': large,
  'describe-segments': large,
  'prepare-training': large,
  'continue-training': large,
  'evaluate-run': large,
  'discard-rows': large,
  'publish-rows': large,
  'promote-run': small,
  'announce-run': small,
  'close-run': small,
  'list-segments': route,
  'get-segment': route,
  'list-segment-members': route,
  'get-customer-segment': route,
  'batch-get-customer-segments': route,
  'classify-customer': encodingRoute,
  'list-runs': route,
  'start-run': route,
  'get-run': route,
  'get-openapi': route,
};
