import type { StateGroup } from './definition.ts';
import type { HistoryEvent } from './history.ts';
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
  /** Of the machine's definition, which it keeps to its end. */
  readonly definitionSha256: string;
  /** For a child of a Distributed Map. */
  readonly mapRunArn?: string;
  readonly itemCount?: number;
  /** Its place among the children. */
  readonly childIndex?: number;
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
  /** Whether it was just opened again to be redriven. */
  readonly redriven: boolean;
  /** How often it has been redriven. */
  readonly redriveCount: number;
  /** What a child that ran before had done. */
  childHistory(executionArn: string): readonly HistoryEvent[];
  /** Tells how much there is to do, once the items have been read. */
  plan(totals: { readonly items: number; readonly executions: number }): void;
  end(status: 'SUCCEEDED' | 'FAILED' | 'ABORTED', resultsWritten: boolean): void;
}

export interface ChildRequest {
  readonly mapRun: MapRunHandle;
  /** The child's place among the children, by which a map run that is taken up again finds what it had done. */
  readonly index: number;
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
  readonly redriveCount: number;
}
