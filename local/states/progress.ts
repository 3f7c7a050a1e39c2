import type { HistoryEvent } from './history.ts';
import type { Json } from './json.ts';

/** Where a group of states stands: a machine's own states, a branch's, or a Map iteration's. */
export interface GroupProgress {
  /** The variables of the group's own scope. */
  readonly variables: ReadonlyMap<string, Json>;
  /** The last event of the group. */
  readonly lastEventId: number;
  /** Undefined: no state was entered yet. */
  readonly position: StatePosition | ExitPosition | undefined;
}

/** A state was entered and has not been left. */
export interface StatePosition {
  readonly kind: 'in';
  readonly stateName: string;
  readonly input: Json;
  readonly enteredMs: number;
  readonly enteredEventId: number;
  /** Of a Parallel or Map state: the event of its current attempt. */
  readonly startedEventId: number | undefined;
  /** Of a Distributed Map: the map run of its current attempt. */
  readonly mapRunArn: string | undefined;
  /** Of a Task: its call that has not been answered. */
  readonly task: TaskProgress | undefined;
  /** Of a Parallel or inline Map state: its branches or iterations that were begun, by index. */
  readonly nested: ReadonlyMap<number, GroupProgress>;
}

export interface TaskProgress {
  readonly taskToken: string | undefined;
  /** The call's own answer, once the task was handed over to whoever does it. */
  readonly submitted: Json | undefined;
}

/** A state was left. */
export interface ExitPosition {
  readonly kind: 'after';
  readonly output: Json;
  /** Undefined: the group has ended, and this is its output. */
  readonly next: string | undefined;
}

interface OpenGroup {
  readonly variables: Map<string, Json>;
  lastEventId: number;
  position: OpenState | ExitPosition | undefined;
}

type OpenState = { -readonly [K in Exclude<keyof StatePosition, 'nested'>]: StatePosition[K] } & {
  readonly nested: Map<number, OpenGroup>;
};

/**
 * Where an execution stands, told from its history. A state stands at its last entry without an exit, and so do the branches and
 * iterations within it; what they had done is kept. A redrive in the history begins new attempts of the states that stood then
 * (developer guide, "Restarting state machine executions with redrive", behaviour of individual states).
 */
export function progressOf(events: readonly HistoryEvent[]): GroupProgress {
  const root = openGroup();
  let lastError: unknown;
  for (const event of events) {
    const group = groupAt(root, event.branch);
    if (group === undefined) continue; // An attempt that is over: its Parallel or Map state was retried, caught or left.
    group.lastEventId = event.id;
    if (event.type === 'ExecutionFailed') lastError = event.details?.['error'];
    else if (event.type === 'ExecutionRedriven')
      redrive(root, event.timestampMs, lastError === 'States.DataLimitExceeded');
    else apply(group, event);
  }
  return root;
}

function openGroup(): OpenGroup {
  return { variables: new Map(), lastEventId: 0, position: undefined };
}

/** The group that an event's branch names; one below a state that is not open is undefined. */
function groupAt(root: OpenGroup, branch: string | undefined): OpenGroup | undefined {
  let group: OpenGroup = root;
  const steps = branch === undefined ? [] : branch.slice(1).split('/');
  for (let step = 0; step < steps.length; step += 2) {
    const { position } = group;
    if (position?.kind !== 'in' || encodeURIComponent(position.stateName) !== steps[step]) return undefined;
    const index = Number(steps[step + 1]);
    let nested = position.nested.get(index);
    if (!nested) {
      nested = openGroup();
      position.nested.set(index, nested);
    }
    group = nested;
  }
  return group;
}

function apply(group: OpenGroup, { id, type, timestampMs, details = {}, kept = {} }: HistoryEvent): void {
  if (type.endsWith('StateEntered')) {
    group.position = {
      kind: 'in',
      stateName: String(details['name']),
      input: parsed(details['input']),
      enteredMs: timestampMs,
      enteredEventId: id,
      startedEventId: undefined,
      mapRunArn: undefined,
      task: undefined,
      nested: new Map(),
    };
    return;
  }
  const { position } = group;
  if (position?.kind !== 'in') return;
  if (type.endsWith('StateExited')) {
    const assigned = (details['assignedVariables'] ?? {}) as Readonly<Record<string, string>>;
    for (const [name, json] of Object.entries(assigned)) group.variables.set(name, parsed(json));
    group.position = { kind: 'after', output: parsed(details['output']), next: kept.next };
    return;
  }
  switch (type) {
    case 'ParallelStateStarted':
    case 'MapStateStarted':
      startAnew(position);
      position.startedEventId = id;
      break;
    case 'MapRunStarted':
      position.mapRunArn = String(details['mapRunArn']);
      break;
    case 'TaskScheduled':
      position.task = { taskToken: kept.taskToken, submitted: undefined };
      break;
    case 'TaskSubmitted':
      position.task = { taskToken: position.task?.taskToken, submitted: parsed(details['output']) };
      break;
    case 'TaskSucceeded':
    case 'TaskFailed':
    case 'TaskTimedOut':
      position.task = undefined;
      break;
  }
}

/** Every state that stood is attempted anew; what was finished within a Parallel or inline Map state stays, unless it was too large. */
function redrive(group: OpenGroup, nowMs: number, tooLarge: boolean): void {
  const { position } = group;
  if (position?.kind !== 'in') return;
  position.enteredMs = nowMs;
  position.task = undefined;
  if (tooLarge) startAnew(position);
  for (const nested of position.nested.values()) redrive(nested, nowMs, false);
}

function startAnew(state: OpenState): void {
  state.startedEventId = undefined;
  state.mapRunArn = undefined;
  state.nested.clear();
}

function parsed(json: unknown): Json {
  return JSON.parse(String(json)) as Json;
}

/** The tokens of all tasks that were waiting. */
export function* waitingTokens({ position }: GroupProgress): Generator<string> {
  if (position?.kind !== 'in') return;
  if (position.task?.taskToken !== undefined) yield position.task.taskToken;
  for (const nested of position.nested.values()) yield* waitingTokens(nested);
}
