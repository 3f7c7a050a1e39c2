import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';

export interface ActionableAlarmProps {
  /** Who is told when it goes off and when it is over. */
  readonly topic: ITopic;
  readonly metric: IMetric;
  /** Goes off at this value and above. */
  readonly threshold: number;
  /** For this many of the metric's periods in a row. */
  readonly periods: number;
  /** What is the matter, in one sentence. */
  readonly what: string;
  /** What to do about it, in one or two sentences. */
  readonly step: string;
}

/** An alarm that tells whoever gets it what to do; the heading of its id in docs/operations.md says more. Silence is no alarm. */
export class ActionableAlarm extends Alarm {
  constructor(scope: Construct, id: string, props: ActionableAlarmProps) {
    super(scope, id, {
      alarmDescription: `${props.what} ${props.step} See docs/operations.md, "${id}".`,
      metric: props.metric,
      threshold: props.threshold,
      evaluationPeriods: props.periods,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    const tell = new SnsAction(props.topic);
    this.addAlarmAction(tell);
    this.addOkAction(tell);
  }
}
