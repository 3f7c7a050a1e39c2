import { describe, expect, it } from 'vitest';
import {
  createTestEngine,
  lambdaIntegrations,
  MACHINE_ARN,
  START_MS,
  type TaskHandler,
} from './conformance-drivers.ts';
import type { StatesEngine } from './engine.ts';
import { StateFailure } from './errors.ts';
import type { HistoryEvent } from './history.ts';
import type { Journal, JournalRecord } from './journal.ts';
import type { Json, JsonObject } from './json.ts';
import type { ExecutionEnd } from './nested.ts';
import { VirtualTime } from './virtual-time.ts';

/** What a process leaves behind. */
type Write =
  | { readonly record: JournalRecord }
  | { readonly owner: string; readonly executionArn: string; readonly event: HistoryEvent };

/** A journal that goes on behind `writes`, and calls `onWrite` after each write with their number. */
function journalOn(writes: Write[], onWrite: (count: number) => void): Journal {
  const write = (one: Write) => {
    writes.push(one);
    onWrite(writes.length);
  };
  return {
    append: (record) => write({ record }),
    records: () => writes.flatMap((one) => ('record' in one ? [one.record] : [])),
    appendEvent: (owner, executionArn, event) => write({ owner, executionArn, event }),
    histories(owner) {
      const events = writes.flatMap((one) => ('event' in one && one.owner === owner ? [one] : []));
      const grouped = Map.groupBy(events, ({ executionArn }) => executionArn);
      return new Map([...grouped].map(([arn, ofArn]) => [arn, ofArn.map(({ event }) => event)]));
    },
    release: () => undefined,
    close: () => undefined,
  };
}

const call = (name: string, payload: Json, fields: JsonObject): JsonObject => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName: name, Payload: payload },
  Output: '{% $states.result.Payload %}',
  ...fields,
});

/** Rounds of everything that can be under way: tasks, waits, branches, iterations, children, tokens, retries, a nested execution. */
const MACHINE: JsonObject = {
  QueryLanguage: 'JSONata',
  StartAt: 'Begin',
  States: {
    Begin: { Type: 'Pass', Assign: { round: 1, sums: [] }, Next: 'Double' },
    Double: call('double', '{% $round %}', { Assign: { doubled: '{% $states.result.Payload %}' }, Next: 'Both' }),
    Both: {
      Type: 'Parallel',
      Branches: [
        {
          StartAt: 'Each',
          States: {
            Each: {
              Type: 'Map',
              Items: '{% [$doubled, 10, 20] %}',
              MaxConcurrency: 2,
              ItemProcessor: {
                StartAt: 'DoubleItem',
                States: {
                  DoubleItem: call('double', '{% $states.input %}', {
                    Assign: { item: '{% $states.result.Payload %}' },
                    Next: 'Rest',
                  }),
                  Rest: { Type: 'Wait', Seconds: 3, Next: 'AddIndex' },
                  AddIndex: { Type: 'Pass', Output: '{% $item + $states.context.Map.Item.Index %}', End: true },
                },
              },
              End: true,
            },
          },
        },
        {
          StartAt: 'Children',
          States: {
            Children: {
              Type: 'Map',
              Items: '{% [1..4] %}',
              MaxConcurrency: 2,
              ToleratedFailureCount: 1,
              ItemProcessor: {
                ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
                StartAt: 'Submit',
                States: {
                  Submit: {
                    Type: 'Task',
                    Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
                    Arguments: {
                      FunctionName: 'submit',
                      Payload: { n: '{% $states.input %}', token: '{% $states.context.Task.Token %}' },
                    },
                    Next: 'DoubleAnswer',
                  },
                  DoubleAnswer: call('double', '{% $states.input %}', {
                    Retry: [{ ErrorEquals: ['Transient'], IntervalSeconds: 1 }],
                    End: true,
                  }),
                },
              },
              Output: '{% $sort($states.result.($type($) = "number" ? $ : -1)) %}',
              End: true,
            },
          },
        },
      ],
      Next: 'Nested',
    },
    Nested: {
      Type: 'Task',
      Resource: 'arn:aws:states:::states:startExecution.sync:2',
      Arguments: { StateMachineArn: `${MACHINE_ARN}Inner`, Input: '{% $states.input %}' },
      Output: '{% $states.result.Output %}',
      Next: 'Fails',
    },
    Fails: call('fail', '{% $states.input %}', {
      Catch: [
        {
          ErrorEquals: ['Planned'],
          Assign: { sums: '{% $append($sums, [$states.input]) %}', failure: '{% $states.errorOutput.Cause %}' },
          Next: 'Again',
        },
      ],
      End: true,
    }),
    Again: {
      Type: 'Choice',
      Choices: [
        {
          Condition: '{% $round < $states.context.Execution.Input.rounds %}',
          Assign: { round: '{% $round + 1 %}' },
          Next: 'Double',
        },
      ],
      Default: 'Done',
    },
    Done: { Type: 'Succeed', Output: { sums: '{% $sums %}', failure: '{% $failure %}' } },
  },
};
const INNER: JsonObject = {
  QueryLanguage: 'JSONata',
  StartAt: 'W',
  States: {
    W: { Type: 'Wait', Seconds: 2, Output: '{% $sum($states.input[0]) + $sum($states.input[1]) %}', End: true },
  },
};
/**
 * By hand: round 1 doubles 1 to 2; items [2,10,20] -> [4,20,40] + indexes 0,1,2 -> sum 67; children 2,3(fails),4 of n+1 doubled: n = 3 fails,
 * so 2*(1+1), 2*(2+1), 2*(4+1) = 4+6+10 and -1 for the failed one -> 19; together 86. Round 2 doubles 2 to 4: the first item is 8, so 90.
 */
const expected = (...sums: number[]): ExecutionEnd => ({
  status: 'SUCCEEDED',
  output: JSON.stringify({ sums, failure: 'as planned' }),
});

/** Runs MACHINE in processes of which each dies after the write whose number `deaths` gives next. */
async function runWithDeaths(
  rounds: number,
  deaths: readonly number[],
): Promise<{ readonly end: ExecutionEnd; readonly writeCount: number }> {
  const time = new VirtualTime(START_MS);
  const writes: Write[] = [];
  const left = [...deaths];
  let ids = 0;
  const uuid = () => `00000000-0000-4000-8000-${String(ids++).padStart(12, '0')}`;
  const functions: Record<string, TaskHandler> = {
    double: async (payload) => {
      await new Promise<void>((resolve) => time.after(500, resolve));
      return 2 * Number(payload);
    },
    // Whoever does the task answers a second after it was given the token, to the process that lives then; the third fails.
    submit: (payload) => {
      const { n, token } = payload as { n: number; token: string };
      time.after(1000, () => answer(n, token));
      return 'accepted';
    },
    fail: () => {
      throw new StateFailure('Planned', 'as planned');
    },
  };
  let living: StatesEngine;
  const answer = (n: number, token: string) => {
    try {
      if (n === 3) living.tokens.fail(token, 'Bad', 'item 3');
      else living.tokens.succeed(token, String(n + 1));
    } catch (error) {
      // A task that was handed over twice is answered twice: the second answer comes too late.
      expect(error).toMatchObject({ code: 'TaskTimedOut' });
    }
  };
  for (;;) {
    const diesAfter = left.shift();
    const died = Promise.withResolvers<'died'>();
    const journal = journalOn(writes, (count) => {
      if (count !== diesAfter) return;
      living.close();
      died.resolve('died');
    });
    const { engine } = createTestEngine({
      clock: time,
      scheduler: time,
      ids: { uuid },
      integrations: lambdaIntegrations(functions),
      journal,
    });
    living = engine;
    const machine = { type: 'STANDARD', roleArn: 'arn:aws:iam::123456789012:role/machine' } as const;
    engine.addStateMachine({ ...machine, arn: `${MACHINE_ARN}Inner`, name: 'MachineInner', definition: INNER });
    engine.addStateMachine({ ...machine, arn: MACHINE_ARN, name: 'Machine', definition: MACHINE });
    engine.resume();
    const known = engine.store.list(({ info }) => info.name === 'run')[0];
    const arn =
      known?.info.arn ??
      engine.startExecution({ stateMachineArn: MACHINE_ARN, name: 'run', input: JSON.stringify({ rounds }) })
        .executionArn;
    const ended = engine.ended(arn).catch(() => 'died' as const);
    const outcome = await time.settle(Promise.race([ended, died.promise]));
    if (outcome !== 'died') return { end: outcome, writeCount: writes.length };
  }
}

describe('an execution whose process is killed', () => {
  it('ends as if it had not been, after whichever of its writes that was', async () => {
    const whole = await runWithDeaths(1, []);
    expect(whole.end).toEqual(expected(86));
    for (let death = 1; death < whole.writeCount; death += 1) {
      const { end } = await runWithDeaths(1, [death]);
      expect([death, end]).toEqual([death, expected(86)]);
    }
  });

  it('also when it is killed again and again', async () => {
    const deaths = Array.from({ length: 60 }, (_, index) => 3 + 7 * index);
    expect((await runWithDeaths(2, deaths)).end).toEqual(expected(86, 90));
  });
});
