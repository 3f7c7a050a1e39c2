import { CfnScalableTarget, CfnScalingPolicy } from 'aws-cdk-lib/aws-applicationautoscaling';
import { Alarm, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import * as iam from 'aws-cdk-lib/aws-iam';
import { CfnEndpoint, CfnEndpointConfig, CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { CfnOutput, Duration, IgnoreMode, Stack, type StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Settings } from '../../contracts/settings.ts';
import { acknowledgeUnscopedActions, allow, allowObjects } from '../constructs/access.ts';
import { ActionableAlarm } from '../constructs/actionable-alarm.ts';
import { ExpiringLogGroup } from '../constructs/expiring-log-group.ts';
import type { DataStack } from './data-stack.ts';

export interface ModelStackProps extends StackProps {
  readonly settings: Settings;
  readonly data: DataStack;
  /** Folder that holds `model-container/Dockerfile`: the build context of the image. */
  readonly imageContext: string;
}

const variantName = 'main';
/** One GPU of 24 GB: far more than the encoders need, and the smallest of its generation. */
const usualInstanceType = 'ml.g5.xlarge';
const largestInstanceCount = 2;

/** All of the build context but these is left out of the image and of its hash. */
const imageContents = [
  'package.json',
  'package-lock.json',
  '.npmrc',
  'contracts',
  'numerics',
  'runtime',
  'model-jobs',
  'model-container',
];

/** The encoder and trainer on a GPU: an asynchronous SageMaker endpoint that has no instance while there is nothing to do. */
export class ModelStack extends Stack {
  readonly endpointName: string;
  readonly endpointArn: string;
  readonly successTopic: Topic;
  readonly errorTopic: Topic;

  constructor(scope: Construct, id: string, props: ModelStackProps) {
    super(scope, id, props);
    const { settings, data } = props;
    const image = new DockerImageAsset(this, 'Image', {
      directory: props.imageContext,
      file: 'model-container/Dockerfile',
      platform: Platform.LINUX_AMD64,
      exclude: ['**', ...imageContents.map((path) => `!${path}`), '**/*.test.ts'],
      ignoreMode: IgnoreMode.DOCKER,
    });
    this.successTopic = new Topic(this, 'Success', { masterKey: data.key, enforceSSL: true });
    this.errorTopic = new Topic(this, 'Failure', { masterKey: data.key, enforceSSL: true });

    const role = this.#executionRole(props);
    image.repository.grantPull(role);

    const model = new CfnModel(this, 'Model', {
      executionRoleArn: role.roleArn,
      // The image holds the models: the container needs nobody, and nobody's data can leave it but through the endpoint.
      enableNetworkIsolation: true,
      primaryContainer: { image: image.imageUri },
    });
    // SageMaker pulls the image with the role as soon as the model is made, so the role's policy must stand first.
    model.node.addDependency(role);

    const config = new CfnEndpointConfig(this, 'EndpointConfig', {
      productionVariants: [
        {
          variantName,
          modelName: model.attrModelName,
          instanceType: settings.modelInstanceType || usualInstanceType,
          // At least 1 (SageMaker API reference, ProductionVariant): making the endpoint takes an instance, scaling takes it away again.
          initialInstanceCount: 1,
          initialVariantWeight: 1,
          containerStartupHealthCheckTimeoutInSeconds: 600,
        },
      ],
      asyncInferenceConfig: {
        clientConfig: { maxConcurrentInvocationsPerInstance: 4 },
        outputConfig: {
          s3OutputPath: data.bucket.s3UrlForObject('model-output/endpoint/'),
          s3FailurePath: data.bucket.s3UrlForObject('model-output/endpoint/failures/'),
          kmsKeyId: data.key.keyArn,
          notificationConfig: { successTopic: this.successTopic.topicArn, errorTopic: this.errorTopic.topicArn },
        },
      },
    });
    const endpoint = new CfnEndpoint(this, 'Endpoint', {
      endpointName: settings.deploymentName,
      endpointConfigName: config.attrEndpointConfigName,
    });
    // The role's policy names the logs, so they stand first; SageMaker would make them without an end otherwise.
    endpoint.node.addDependency(role);
    this.endpointName = endpoint.attrEndpointName;
    // SageMaker writes the name in lower case into the ARN, which is what Ref gives and policies are compared with.
    this.endpointArn = endpoint.ref;
    this.#scaleFromZero(endpoint);
    this.#watchBacklog(data);

    new CfnOutput(this, 'EndpointName', { value: this.endpointName });
  }

  /** What SageMaker may do in the endpoint's name: fetch requests, store answers, give notice of them, log. */
  #executionRole({ data, settings }: ModelStackProps): iam.Role {
    const role = new iam.Role(this, 'ExecutionRole', {
      assumedBy: new iam.ServicePrincipal('sagemaker.amazonaws.com'),
    });
    allowObjects(role, data.bucket, data.key, {
      read: ['model-input/'],
      writeInParts: ['model-output/endpoint/'],
      list: ['model-input/', 'model-output/endpoint/'],
      tellAbsence: true,
    });
    allow(role, ['sns:Publish'], [this.successTopic.topicArn, this.errorTopic.topicArn]);

    // SageMaker writes to the group of this name, and would make one that keeps its logs for ever.
    const logs = new ExpiringLogGroup(this, 'EndpointLogs', {
      settings,
      logGroupName: `/aws/sagemaker/Endpoints/${settings.deploymentName}`,
    });
    allow(
      role,
      ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
      [logs.logGroupArn],
    );
    role.addToPrincipalPolicy(
      new iam.PolicyStatement({
        actions: ['cloudwatch:PutMetricData'],
        resources: ['*'],
        conditions: { StringLike: { 'cloudwatch:namespace': '/aws/sagemaker/*' } },
      }),
    );
    acknowledgeUnscopedActions(role);
    return role;
  }

  /**
   * Two policies, as SageMaker's guide to asynchronous endpoints has them ("Autoscale an asynchronous endpoint"): a step from zero to one
   * instance when anything waits and no instance runs, and target tracking of the backlog for more, and back down to none.
   */
  #scaleFromZero(endpoint: CfnEndpoint): void {
    const target = new CfnScalableTarget(this, 'Instances', {
      serviceNamespace: 'sagemaker',
      scalableDimension: 'sagemaker:variant:DesiredInstanceCount',
      resourceId: `endpoint/${endpoint.attrEndpointName}/variant/${variantName}`,
      minCapacity: 0,
      maxCapacity: largestInstanceCount,
    });
    new CfnScalingPolicy(this, 'FollowBacklog', {
      policyName: 'follow-backlog',
      policyType: 'TargetTrackingScaling',
      scalingTargetId: target.ref,
      targetTrackingScalingPolicyConfiguration: {
        targetValue: 4,
        scaleInCooldown: 300,
        scaleOutCooldown: 300,
        customizedMetricSpecification: {
          namespace: 'AWS/SageMaker',
          metricName: 'ApproximateBacklogSizePerInstance',
          dimensions: [{ name: 'EndpointName', value: endpoint.attrEndpointName }],
          statistic: 'Average',
        },
      },
    });
    const wake = new CfnScalingPolicy(this, 'WakeUp', {
      policyName: 'wake-up',
      policyType: 'StepScaling',
      scalingTargetId: target.ref,
      stepScalingPolicyConfiguration: {
        adjustmentType: 'ChangeInCapacity',
        metricAggregationType: 'Average',
        cooldown: 300,
        stepAdjustments: [{ metricIntervalLowerBound: 0, scalingAdjustment: 1 }],
      },
    });
    const waiting = new Alarm(this, 'WorkWaits', {
      alarmDescription: 'Requests wait while the model endpoint has no instance.',
      metric: new Metric({
        namespace: 'AWS/SageMaker',
        metricName: 'HasBacklogWithoutCapacity',
        dimensionsMap: { EndpointName: endpoint.attrEndpointName },
        statistic: 'Average',
        period: Duration.minutes(1),
      }),
      threshold: 1,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.MISSING,
    });
    waiting.addAlarmAction({ bind: () => ({ alarmActionArn: wake.ref }) });
  }

  #watchBacklog(data: DataStack): void {
    new ActionableAlarm(this, 'ModelBacklogOld', {
      topic: data.alarmTopic,
      metric: new Metric({
        namespace: 'AWS/SageMaker',
        metricName: 'ApproximateAgeOfOldestRequest',
        dimensionsMap: { EndpointName: this.endpointName },
        statistic: 'Maximum',
        period: Duration.minutes(5),
      }),
      threshold: 30 * 60,
      periods: 1,
      what: 'A request has waited half an hour for the model endpoint; after two hours its run fails.',
      step: 'Look whether the endpoint has an instance, and raise the quota of its instance type or choose another modelInstanceType.',
    });
  }
}
