import type { Grant } from './grants.ts';

/** A grant in words that stay the same from one deployment to another: `<holder> sqs:SendMessage on <resource>`. */
export function titleOf({ holder, action, resource, value, source }: Grant): string {
  const named = (arn: string) => arn.replace(/-[0-9a-f]{12}(?=$|[/:])/g, '').replace(/:us-east-1:000000000000:/g, '::');
  const condition = value === undefined ? '' : ` with ${named(value)}`;
  const inName = source === undefined ? '' : ` for ${named(source)}`;
  return `${named(holder)} ${action} on ${named(resource)}${condition}${inName}`;
}

/**
 * Grants that no run on the embedded cloud needs, with the reason why the template has them all the same. One that is not listed fails the
 * test of the grants, and so does an entry that no grant needs any more.
 */
export const unexercised: readonly {
  readonly grants: RegExp;
  readonly reason: string;
  /** Whether a run may need it after all, as its times happen to be. */
  readonly dependsOnTimes?: true;
}[] = [
  {
    grants: /^arn:aws:iam::\S+ xray:/,
    reason:
      'Nothing is traced here. Lambda developer guide, "Visualize Lambda function invocations using AWS X-Ray"; Step Functions likewise.',
  },
  {
    grants:
      /^arn:aws:iam::\S+ logs:(\w+Deliver(y|ies)|DescribeLogGroups|DescribeResourcePolicies|PutResourcePolicy) on \*$/,
    reason:
      'Machines log nothing here. Step Functions developer guide, "Using CloudWatch Logs", IAM policies for logging.',
  },
  {
    grants: /ExecutionRole\w+ (logs:|cloudwatch:|ecr:)/,
    reason:
      'The container is started from its source here. SageMaker developer guide, "How to use SageMaker execution roles", CreateModel.',
  },
  {
    grants: /ExecutionRole\w+ s3:(AbortMultipartUpload|ListMultipartUploadParts|ListBucket)/,
    reason:
      'SageMaker developer guide, "Complete the prerequisites" of asynchronous inference; it may write large answers in parts.',
  },
  {
    grants: /SegmentRunRole\w+ s3:(AbortMultipartUpload|ListMultipartUploadParts)/,
    reason:
      'Step Functions developer guide, "IAM policies for using Distributed Map states", writing results: large ones in parts.',
  },
  {
    grants: /SegmentRunRole\w+ states:(StopExecution|RedriveExecution) on/,
    reason: 'For a map run that is stopped or redriven (the same page).',
  },
  {
    grants: /SegmentRunRole\w+ states:DescribeExecution on \S+Machine\w+:\*$/,
    reason: 'The same page gives the children of a map run in this form; their ARNs have a slash.',
  },
  {
    grants: /discardrowsRole\w+ s3:ListBucket/,
    reason: 'A run that failed before it published left no list of rows; `published-rows.test.ts` goes this way.',
    dependsOnTimes: true,
  },
  {
    grants: /continuetrainingRole\w+ (s3:(GetObject|PutObject) on \S+\/model-input\/\*|kms:GenerateDataKey)/,
    reason: 'For a training that is longer than one invocation; `lambda-model-jobs.test.ts` goes this way.',
  },
  {
    grants: /resumemodeljobRole\w+ s3:GetObject/,
    reason: 'For the answer of a failed job whose notice was lost; `model-jobs.test.ts` goes this way.',
  },
  {
    grants: /classifycustomerRole\w+ s3:ListBucket on \S+$/,
    reason: 'A run over own vectors has no output layer, which is asked for all the same.',
  },
  {
    grants: /ingestmatrixRole\w+ s3:PutObject on \S+\/rejects\/\*$/,
    reason: 'For rows of a matrix that are rejected; `own-vectors.test.ts` goes this way.',
  },
  {
    grants: /startrunwhenquietRole\w+ dynamodb:Query/,
    reason: 'Asked for when a file is dropped while own vectors are live; `own-vectors.test.ts` goes this way.',
  },
  {
    grants: /(ingestfile|ingestmatrix|resumemodeljob|startrunwhenquiet)Role\w+ sqs:SendMessage/,
    reason:
      'An event that failed three times, minutes apart. `embedded-cloud.test.ts` shows what a role without it loses.',
  },
  {
    grants: /ModelNoticeDeadLetters\w+ sqs:SendMessage/,
    reason: 'A notice that SNS cannot deliver; `embedded-cloud.test.ts` shows the same of EventBridge.',
  },
  {
    grants: /StartDeadLetters\w+ sqs:SendMessage on \S+ for \S+:rule\/kindred-pipeline-Daily\w+$/,
    reason: 'For a ring of the daily rule that reaches no function in twelve hours.',
  },
  {
    grants: /Alarms sns:Publish|key\/\S+ kms:GenerateDataKey on \*$/,
    reason:
      'No alarm goes off here. CloudWatch user guide, "Notifying users on alarm changes", for an encrypted topic.',
  },
  {
    grants: / lambda:InvokeFunction on \S+ for \S+:rule\/kindred-pipeline-Daily\w+$/,
    reason: 'The daily rule rings at three in the night.',
  },
  {
    grants: /AccessLogs s3:PutObject/i,
    reason: 'S3 writes no access logs here. S3 user guide, "Permissions for log delivery".',
  },
  {
    grants: /key\/\S+ kms:(CreateGrant|Decrypt|DescribeKey|Encrypt|GenerateDataKey\*|ReEncrypt\*) on \*$/,
    reason: "CDK adds it with a secret; the key's policy leaves all decisions to the account's roles as it is.",
  },
];

export function reasonFor(title: string): string | undefined {
  return unexercised.find(({ grants }) => grants.test(title))?.reason;
}
