import type { NamedTensors } from './tensor.ts';

/**
 * Runs ONNX graphs. Numeric code builds graphs and takes one of these as an argument; `runtime/` provides it,
 * in this process or in a child process, on CPU or CUDA.
 */
export interface GraphRunner {
  /** Loads a self-contained ONNX model (no external data). The session lives until `close`. */
  open(model: Uint8Array): Promise<GraphSession>;
}

export interface GraphSession {
  /** Runs the graph once; the answer holds every graph output, or only those named in `outputs`. */
  run(feeds: NamedTensors, outputs?: readonly string[]): Promise<NamedTensors>;
  close(): Promise<void>;
}
