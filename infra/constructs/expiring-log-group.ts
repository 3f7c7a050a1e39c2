import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Settings } from '../../contracts/settings.ts';

export interface ExpiringLogGroupProps {
  readonly settings: Settings;
  /** For a group that an AWS service writes to by its name; CloudFormation names it otherwise. */
  readonly logGroupName?: string;
}

/** Logs that are kept for `logRetentionDays` and go with their stack: they hold no customer's data. */
export class ExpiringLogGroup extends LogGroup {
  constructor(scope: Construct, id: string, { settings, logGroupName }: ExpiringLogGroupProps) {
    super(scope, id, {
      retention: settings.logRetentionDays as RetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
      ...(logGroupName !== undefined && { logGroupName }),
    });
  }
}
