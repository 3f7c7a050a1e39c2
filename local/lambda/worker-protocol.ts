/** What the embedded cloud and a function's process say to each other over the IPC channel. */
export interface LoadRequest {
  readonly kind: 'load';
  /** The bundle's folder. */
  readonly folder: string;
  /** `file.export`, as in the template. */
  readonly handler: string;
  /** The function's own environment: nothing of the parent's. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface InvokeRequest {
  readonly kind: 'invoke';
  readonly requestId: string;
  /** JSON. */
  readonly payload: string;
  /** Milliseconds since 1970. */
  readonly deadlineMs: number;
  readonly functionArn: string;
}

/** An error as the Lambda service shapes it. */
export interface FunctionErrorBody {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

export type WorkerMessage =
  | { readonly kind: 'loaded' }
  | { readonly kind: 'load-failed'; readonly error: FunctionErrorBody }
  | { readonly kind: 'result'; readonly requestId: string; readonly payload: string }
  | { readonly kind: 'error'; readonly requestId: string; readonly error: FunctionErrorBody };
