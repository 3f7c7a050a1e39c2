import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Queue, QueueEncryption, RedrivePermission } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledgements.ts';
import { ActionableAlarm } from './actionable-alarm.ts';

export interface DeadLetterQueueProps {
  readonly alarmTopic: ITopic;
  /** What a message in it means, in one sentence. */
  readonly what: string;
  /** What to do with the messages. */
  readonly step: string;
}

/** Where events are kept that could not be delivered or worked off, for the longest time that SQS allows; the first one raises an alarm. */
export class DeadLetterQueue extends Queue {
  constructor(scope: Construct, id: string, { alarmTopic, what, step }: DeadLetterQueueProps) {
    super(scope, id, {
      // Keys of SQS itself: EventBridge and SNS can send without a grant on a customer's key.
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      // EventBridge, SNS and Lambda put messages in; no other queue may make this its own dead-letter queue.
      redriveAllowPolicy: { redrivePermission: RedrivePermission.DENY_ALL },
    });
    acknowledge(this, 'SQS3', 'This is a dead-letter queue.');
    acknowledge(this, 'SQSRedrivePolicy', 'This is a dead-letter queue.', 'Serverless');
    new ActionableAlarm(scope, `${id}Waiting`, {
      topic: alarmTopic,
      metric: this.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period: Duration.minutes(5) }),
      threshold: 1,
      periods: 1,
      what,
      step,
    });
  }
}
