import type { Json } from './json.ts';
import type { TaskResource } from './task-resource.ts';

/** Milliseconds since the epoch. */
export interface Clock {
  nowMs(): number;
}

export interface Scheduler {
  /** Calls `action` once after `delayMs` milliseconds, unless the returned function is called before. */
  after(delayMs: number, action: () => void): () => void;
}

export interface IdSource {
  /** A version 4 UUID. */
  uuid(): string;
}

export interface RandomSource {
  /** A number in [0, 1). */
  next(): number;
}

/** On whose behalf a call is made: the machine's role, checked by whoever answers the call. */
export interface Caller {
  readonly roleArn: string;
  readonly executionArn: string;
}

export interface TaskRequest {
  readonly resource: TaskResource;
  /** The evaluated Arguments (the state's input when a bare Lambda ARN has none). */
  readonly arguments: Json;
  readonly caller: Caller;
  readonly stateName: string;
  /** Aborted when the task timed out or its execution ended. */
  readonly signal: AbortSignal;
  /** Present for `.waitForTaskToken` only. */
  readonly taskToken?: string;
}

export interface TaskIntegrations {
  /** Asked when a machine is loaded: a resource that cannot be served is refused then, not when it is reached. */
  supports(resource: TaskResource): boolean;
  /**
   * Calls the service and answers its result: for `lambda:invoke` `{ ExecutedVersion, Payload, StatusCode }`, for a bare
   * Lambda ARN the payload itself, else the service's answer. Throws StateFailure to report a failed call.
   */
  invokeTask(request: TaskRequest): Promise<unknown>;
}

export interface ListedObject {
  readonly key: string;
  readonly sizeBytes: number;
  readonly etag: string;
  readonly lastModifiedMs: number;
  readonly storageClass: string;
}

/** The S3 operations of ItemReader and ResultWriter. Failures are thrown; the engine names them ItemReaderFailed / ResultWriterFailed. */
export interface ObjectStore {
  get(request: {
    readonly bucket: string;
    readonly key: string;
    readonly versionId?: string;
    readonly caller: Caller;
  }): Promise<Uint8Array>;
  list(request: {
    readonly bucket: string;
    readonly prefix?: string;
    readonly caller: Caller;
  }): AsyncIterable<ListedObject>;
  put(request: {
    readonly bucket: string;
    readonly key: string;
    readonly body: Uint8Array;
    readonly contentType: string;
    readonly caller: Caller;
  }): Promise<void>;
}

/** Checks a call that the engine makes on itself for a role (nested executions, map runs); throws StateFailure to deny. */
export type AuthorizeRole = (request: {
  readonly roleArn: string;
  readonly action: string;
  readonly resource: string;
}) => void | Promise<void>;

export interface ProgressEvent {
  readonly executionArn: string;
  readonly stateName: string;
  readonly kind: 'entered' | 'exited' | 'failed' | 'items';
  /** For `items`: how many items of a Map state are done, of how many. */
  readonly doneItems?: number;
  readonly totalItems?: number;
}

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/** The `detail` of an EventBridge event "Step Functions Execution Status Change". */
export interface StatusChange {
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly stateMachineVersionArn: null;
  readonly stateMachineAliasArn: null;
  readonly name: string;
  readonly status: ExecutionStatus;
  /** Milliseconds since the epoch. */
  readonly startDate: number;
  readonly stopDate: number | null;
  readonly input: string;
  readonly inputDetails: { readonly included: true };
  readonly output: string | null;
  readonly outputDetails: { readonly included: true } | null;
  readonly error: string | null;
  readonly cause: string | null;
  readonly redriveCount: number;
  readonly redriveDate: number | null;
  readonly redriveStatus: 'NOT_REDRIVABLE' | 'REDRIVABLE' | 'REDRIVABLE_BY_MAP_RUN';
  readonly redriveStatusReason: string | null;
}
