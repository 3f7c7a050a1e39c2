import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { GraphRunner, GraphSession } from '../numerics/runner.ts';
import type { NamedTensors, Tensor, TensorType } from '../numerics/tensor.ts';
import { assertSafeModel } from './artifact-safety.ts';

export interface InProcessRunnerOptions {
  /** ONNX Runtime execution provider. Default `cpu`. */
  readonly provider?: Provider;
  /** Threads of one operator, the caller's own among them. */
  readonly intraOpThreads: number;
  /** Plans one memory block per input shape: faster for one shape, more memory for many. Default true. */
  readonly enableMemPattern?: boolean;
  /** Largest model accepted, in bytes. */
  readonly maxModelBytes?: number;
}

export type Provider = 'cpu' | 'cuda';

export class GraphRunError extends Error {
  override readonly name = 'GraphRunError';
  readonly code = 'GRAPH_RUN_FAILED';
  readonly retryable = false;
}

/**
 * Runs graphs in this process. A run blocks the event loop until it is done: a server keeps its sessions in a `WorkerProcess`.
 * @throws UnsafeArtifactError from `open`; GraphRunError from `open` and `run` when ONNX Runtime refuses the model or the feeds.
 */
export function createInProcessRunner(options: InProcessRunnerOptions): GraphRunner {
  return {
    async open(model: Uint8Array): Promise<GraphSession> {
      assertSafeModel(model, options.maxModelBytes);
      const session = await translated('load the model', () =>
        InferenceSession.create(model, {
          executionProviders: [options.provider ?? 'cpu'],
          intraOpNumThreads: options.intraOpThreads,
          interOpNumThreads: 1,
          executionMode: 'sequential',
          graphOptimizationLevel: 'all',
          enableMemPattern: options.enableMemPattern ?? true,
          logSeverityLevel: 3,
          // Threads that spin while they wait take the cores from the caller between runs: measured 1.6 to 4.2 s against 0.5 s for
          // the choice of k on a busy machine of two cores.
          extra: { session: { intra_op: { allow_spinning: '0' } } },
        }),
      );
      return {
        async run(feeds, outputs) {
          const results = await translated('run the graph', () => {
            const ortFeeds = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, toOrt(tensor)]));
            return outputs === undefined ? session.run(ortFeeds) : session.run(ortFeeds, outputs);
          });
          return Object.fromEntries(Object.entries(results).map(([name, value]) => [name, fromOrt(name, value)]));
        },
        close: () => session.release(),
      } satisfies GraphSession;
    },
  };
}

/** The same memory under ONNX Runtime's name. */
function toOrt({ type, data, dims }: Tensor): OrtTensor {
  return new OrtTensor(type, data as Float32Array, dims);
}

const tensorTypes: ReadonlySet<string> = new Set<TensorType>(['float32', 'float64', 'int32', 'int64', 'uint8', 'bool']);

function fromOrt(name: string, { type, dims, data }: OrtTensor): NamedTensors[string] {
  if (!tensorTypes.has(type)) {
    throw new GraphRunError(`output "${name}" has element type ${type}; allowed: ${[...tensorTypes].join(', ')}`);
  }
  return { type: type as TensorType, dims, data: data as Tensor['data'] };
}

async function translated<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GraphRunError(`ONNX Runtime could not ${action}: ${reason}`, { cause });
  }
}
