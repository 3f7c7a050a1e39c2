import type { StateGroup } from './definition.ts';
import type { Json } from './json.ts';
import type { ExecutionStatus } from './ports.ts';

/** How an execution ended. */
export interface ExecutionEnd {
  readonly status: Exclude<ExecutionStatus, 'RUNNING'>;
  /** JSON text, when it succeeded. */
  readonly output?: string;
  readonly error?: string;
  readonly cause?: string;
}

/** An execution as records tell it. */
export interface ExecutionInfo {
  readonly arn: string;
  readonly name: string;
  readonly stateMachineArn: string;
  readonly roleArn: string;
  readonly type: 'STANDARD' | 'EXPRESS';
  /** JSON text. */
  readonly input: string;
  readonly startMs: number;
  /** For a child of a Distributed Map. */
  readonly mapRunArn?: string;
  readonly itemCount?: number;
}

export interface NestedResult {
  readonly info: ExecutionInfo;
  readonly ended: Promise<ExecutionEnd & { readonly stopMs: number }>;
}

export interface MapRunRequest {
  readonly executionArn: string;
  readonly label: string;
  readonly maxConcurrency: number;
  readonly toleratedFailureCount: number;
  readonly toleratedFailurePercentage: number;
}

/** An open map run: the engine keeps its counts from the children it runs. */
export interface MapRunHandle {
  readonly arn: string;
  /** The last part of the ARN, under which results are exported. */
  readonly id: string;
  /** Tells how much there is to do, once the items have been read. */
  plan(totals: { readonly items: number; readonly executions: number }): void;
  end(status: 'SUCCEEDED' | 'FAILED' | 'ABORTED', resultsWritten: boolean): void;
}

export interface ChildRequest {
  readonly mapRun: MapRunHandle;
  readonly parentExecutionArn: string;
  readonly label: string;
  readonly type: 'STANDARD' | 'EXPRESS';
  readonly group: StateGroup;
  readonly input: Json;
  readonly inputJson: string;
  readonly itemCount: number;
  readonly signal: AbortSignal;
}

export interface ChildResult {
  readonly info: ExecutionInfo;
  readonly end: ExecutionEnd;
  readonly stopMs: number;
}
