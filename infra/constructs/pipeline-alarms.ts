import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { FunctionName } from '../../contracts/environments.ts';
import { ActionableAlarm } from './actionable-alarm.ts';
import type { KindredFunction } from './kindred-function.ts';
import type { StandardStateMachine } from './standard-state-machine.ts';

const period = Duration.minutes(5);

export interface MachineWatch {
  readonly topic: ITopic;
  /** What an execution is, to begin a sentence with. */
  readonly what: string;
  readonly step: string;
}

/** Alarms for executions that failed and for those that ran out of time. */
export function watchMachine(
  scope: Construct,
  id: string,
  { resource }: StandardStateMachine,
  { topic, what, step }: MachineWatch,
): void {
  const endings = [
    { alarmId: `${id}Failed`, metric: resource.metricFailed({ period }), how: 'failed' },
    { alarmId: `${id}TimedOut`, metric: resource.metricTimedOut({ period }), how: 'ran out of time' },
  ];
  for (const { alarmId, metric, how } of endings) {
    new ActionableAlarm(scope, alarmId, { topic, metric, threshold: 1, periods: 1, what: `${what} ${how}.`, step });
  }
}

/**
 * Alarms for functions whose errors nobody waits for, and one for throttling, which is the account's: all functions share its concurrency.
 * Errors of other functions show in the run or in the API's answers.
 */
export function watchFunctions(
  scope: Construct,
  topic: ITopic,
  triggers: readonly KindredFunction<FunctionName>[],
): void {
  for (const { functionName, resource } of triggers) {
    new ActionableAlarm(scope, alarmIdOf(functionName), {
      topic,
      metric: resource.metricErrors({ period }),
      threshold: 3,
      periods: 1,
      what: `${functionName} failed three times or more within five minutes.`,
      step: 'Find the error by its name and code in the logs of the function; Lambda tries each event three times before it is a dead letter.',
    });
  }
  new ActionableAlarm(scope, 'FunctionsThrottled', {
    topic,
    metric: new Metric({ namespace: 'AWS/Lambda', metricName: 'Throttles', statistic: 'Sum', period }),
    threshold: 1,
    periods: 3,
    what: "Functions were throttled for a quarter of an hour: the account's concurrency is used up.",
    step: 'Ask for a higher "Concurrent executions" quota of Lambda, or set ingestConcurrency to hold intake back.',
  });
}

/** `ingest-file` -> `IngestFileFails`. */
function alarmIdOf(functionName: FunctionName): string {
  const words = functionName.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `${words.join('')}Fails`;
}
