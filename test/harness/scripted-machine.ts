import {
  createTestEngine,
  lambdaIntegrations,
  outcomeOf,
  type TaskHandler,
} from '../../local/states/conformance-drivers.ts';
import { StateFailure, StatesApiError } from '../../local/states/errors.ts';
import type { Json } from '../../local/states/json.ts';

export const bucketName = 'data';
export const runId = 'run-000001';

/** What a function of a script answers; given the payload and how often the function was called before. */
export type Answer = (payload: Payload, earlierCalls: number) => unknown;
// biome-ignore lint/suspicious/noExplicitAny: payloads are of as many shapes as there are functions
export type Payload = any;

export interface Call {
  readonly functionName: string;
  readonly payload: Payload;
  /** Milliseconds since the machine's start. */
  readonly atMs: number;
}

/** A definition as CloudFormation leaves it: function placeholders filled with ARNs that end in the function's name. */
function substituted(definition: object, substitutions: Readonly<Record<string, string>>): Json {
  const text = JSON.stringify(definition).replaceAll(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = substitutions[name];
    if (value !== undefined) return value;
    const words = name.replace(/FunctionArn$/, '').match(/[A-Z][a-z]*/g) ?? [];
    return `arn:aws:lambda:eu-west-1:123456789012:function:${words.join('-').toLowerCase()}`;
  });
  return JSON.parse(text) as Json;
}

/** A function's own error, as Lambda reports it to Step Functions. */
export function lambdaError(name: string, message: string): StateFailure {
  return new StateFailure(name, JSON.stringify({ errorType: name, errorMessage: message, trace: [] }));
}

/**
 * A real definition on the real engine in virtual time; only the functions are scripted. A function that the script does not name
 * fails the execution.
 */
export function scriptedMachine(options: {
  readonly definition: object;
  readonly substitutions: Readonly<Record<string, string>>;
  readonly functions: Readonly<Record<string, Answer>>;
  readonly objects?: Readonly<Record<string, unknown>>;
}) {
  const calls: Call[] = [];
  const handlers = Object.entries(options.functions).map(([functionName, answer]): [string, TaskHandler] => [
    functionName,
    (payload) => {
      const earlierCalls = callsOf(functionName).length;
      calls.push({ functionName, payload, atMs: time.nowMs() - startMs });
      return answer(payload, earlierCalls);
    },
  ]);
  const { engine, time, objects, start } = createTestEngine({
    integrations: lambdaIntegrations(Object.fromEntries(handlers)),
  });
  const startMs = time.nowMs();
  for (const [key, value] of Object.entries(options.objects ?? {})) {
    objects.contents.set(`${bucketName}/${key}`, JSON.stringify(value));
  }
  const definition = substituted(options.definition, options.substitutions);

  function callsOf(functionName: string): Call[] {
    return calls.filter((call) => call.functionName === functionName);
  }

  return {
    calls,
    callsOf,
    time,
    objects,
    /** Runs to the end; nothing waits but virtual time. */
    async run(input: Json = {}) {
      const arn = start(definition, input);
      const outcome = outcomeOf(await time.settle(engine.ended(arn)));
      const events = engine.store.events(engine.store.get(arn).info);
      const visited = events
        .filter(({ type }) => type.endsWith('StateEntered'))
        .map(({ details }) => String(details?.['name']));
      return { ...outcome, visited, tookMs: time.nowMs() - startMs };
    },
    /** Answers a waiting task after `delayMs`; what the service said to the answer is kept in the list that is given back. */
    answerTask(token: string, answer: { readonly outputKey: string } | StateFailure, delayMs: number): string[] {
      const said: string[] = [];
      time.after(delayMs, () => {
        try {
          if (answer instanceof StateFailure) engine.tokens.fail(token, answer.error, answer.causeText);
          else engine.tokens.succeed(token, JSON.stringify(answer));
          said.push('taken');
        } catch (error) {
          if (!(error instanceof StatesApiError)) throw error;
          said.push(error.code);
        }
      });
      return said;
    },
  };
}
