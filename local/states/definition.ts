import type { Template } from './expression.ts';
import type { TaskResource } from './task-resource.ts';

/** Where a state goes next; undefined ends the state group. */
export type Next = string | undefined;

export interface Retrier {
  readonly errorEquals: readonly string[];
  readonly intervalSeconds: number;
  readonly maxAttempts: number;
  readonly backoffRate: number;
  readonly maxDelaySeconds: number | undefined;
  readonly jitter: 'FULL' | 'NONE';
}

export interface Catcher {
  readonly errorEquals: readonly string[];
  readonly next: string;
  readonly output: Template | undefined;
  readonly assign: Assignments | undefined;
}

/** Variables to set, by name. */
export type Assignments = readonly (readonly [string, Template])[];

interface StateBase {
  readonly name: string;
  /** JSON pointer into the definition. */
  readonly path: string;
  readonly output: Template | undefined;
  readonly assign: Assignments | undefined;
  readonly retry: readonly Retrier[];
  readonly catch: readonly Catcher[];
}

export interface PassState extends StateBase {
  readonly type: 'Pass';
  readonly next: Next;
}

export interface TaskState extends StateBase {
  readonly type: 'Task';
  readonly resource: TaskResource;
  readonly arguments: Template | undefined;
  readonly timeoutSeconds: Template | undefined;
  readonly heartbeatSeconds: Template | undefined;
  readonly next: Next;
}

export interface ChoiceRule {
  readonly condition: Template;
  readonly next: string;
  readonly output: Template | undefined;
  readonly assign: Assignments | undefined;
}

export interface ChoiceState extends StateBase {
  readonly type: 'Choice';
  readonly choices: readonly ChoiceRule[];
  readonly default: string | undefined;
}

export interface WaitState extends StateBase {
  readonly type: 'Wait';
  readonly seconds: Template | undefined;
  readonly timestamp: Template | undefined;
  readonly next: Next;
}

export interface SucceedState extends StateBase {
  readonly type: 'Succeed';
}

export interface FailState extends StateBase {
  readonly type: 'Fail';
  readonly error: Template | undefined;
  readonly cause: Template | undefined;
}

export interface ParallelState extends StateBase {
  readonly type: 'Parallel';
  readonly arguments: Template | undefined;
  readonly branches: readonly StateGroup[];
  readonly next: Next;
}

export type ItemInputType = 'JSON' | 'JSONL' | 'CSV' | 'MANIFEST';

export interface ReaderConfig {
  readonly inputType: ItemInputType | undefined;
  readonly csvHeaders: readonly string[] | undefined;
  readonly csvDelimiter: string;
  readonly maxItems: Template | undefined;
  readonly itemsPointer: Template | undefined;
  /** listObjectsV2 only: the listed objects are read as `inputType` and their items joined. */
  readonly loadAndFlatten: boolean;
}

export interface ItemReader {
  readonly action: 'getObject' | 'listObjectsV2';
  readonly arguments: Template;
  readonly config: ReaderConfig;
}

export interface ItemBatcher {
  readonly maxItemsPerBatch: Template | undefined;
  readonly maxInputBytesPerBatch: Template | undefined;
  readonly batchInput: Template | undefined;
}

export interface ResultWriter {
  /** Where to export the results; undefined when they stay in the state's output. */
  readonly destination: Template | undefined;
  readonly transformation: 'NONE' | 'COMPACT' | 'FLATTEN';
  readonly outputType: 'JSON' | 'JSONL';
}

interface MapStateBase extends StateBase {
  readonly type: 'Map';
  readonly items: Template | undefined;
  readonly itemSelector: Template | undefined;
  readonly maxConcurrency: Template | undefined;
  readonly processor: StateGroup;
  readonly next: Next;
}

export interface InlineMapState extends MapStateBase {
  readonly mode: 'INLINE';
}

export interface DistributedMapState extends MapStateBase {
  readonly mode: 'DISTRIBUTED';
  readonly executionType: 'STANDARD' | 'EXPRESS';
  readonly label: string;
  readonly itemReader: ItemReader | undefined;
  readonly itemBatcher: ItemBatcher | undefined;
  readonly resultWriter: ResultWriter | undefined;
  readonly toleratedFailureCount: Template | undefined;
  readonly toleratedFailurePercentage: Template | undefined;
}

export type MapState = InlineMapState | DistributedMapState;

export type State =
  | PassState
  | TaskState
  | ChoiceState
  | WaitState
  | SucceedState
  | FailState
  | ParallelState
  | MapState;

/** States that refer to each other by name: the machine's own, a branch's, or a Map's processor's. */
export interface StateGroup {
  readonly startAt: string;
  readonly states: ReadonlyMap<string, State>;
}

export type MachineType = 'STANDARD' | 'EXPRESS';

/** A loaded state machine definition. */
export interface MachineDefinition extends StateGroup {
  readonly timeoutSeconds: number | undefined;
}
