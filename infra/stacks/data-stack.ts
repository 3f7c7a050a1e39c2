import { AttributeType, BillingMode, Table, TableEncryption, type TableProps } from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type CfnBucket,
  type LifecycleRule,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Settings } from '../../contracts/settings.ts';
import { acknowledge } from '../constructs/acknowledgements.ts';
import { pinLogicalId } from '../constructs/pinned-logical-id.ts';

export interface DataStackProps extends StackProps {
  readonly settings: Settings;
}

/**
 * All that is kept: the bucket, the tables, the pseudonyms' key, the encryption key of them all, and who is told of alarms. Nothing but
 * the alarms' topic is deleted with the stack, unless `retainData` is false. Logical ids are pinned; infra/upgrades/ holds them and the
 * exports to what was deployed before.
 */
export class DataStack extends Stack {
  readonly key: Key;
  readonly bucket: Bucket;
  readonly customers: Table;
  readonly registry: Table;
  readonly identities: Table;
  readonly modelJobs: Table;
  readonly pseudonymSecret: Secret;
  readonly alarmTopic: Topic;
  readonly #removalPolicy: RemovalPolicy;

  constructor(scope: Construct, id: string, props: DataStackProps) {
    super(scope, id, props);
    const { settings } = props;
    this.#removalPolicy = settings.retainData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;

    this.key = new Key(this, 'Key', {
      alias: `alias/${settings.deploymentName}`,
      description: `Encrypts the customer data of ${settings.deploymentName}`,
      enableKeyRotation: true,
      removalPolicy: this.#removalPolicy,
    });
    pinLogicalId(this.key, 'Key');
    this.bucket = this.#dataBucket(settings);

    this.customers = this.#table('Customers', settings, {
      partitionKey: { name: 'customer', type: AttributeType.STRING },
      sortKey: { name: 'runSeq', type: AttributeType.NUMBER },
    });
    this.registry = this.#table('Registry', settings, {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
    });
    this.identities = this.#table('Identities', settings, {
      partitionKey: { name: 'bucket', type: AttributeType.STRING },
      sortKey: { name: 'importId', type: AttributeType.STRING },
    });
    this.modelJobs = this.#table('ModelJobs', settings, {
      partitionKey: { name: 'inferenceId', type: AttributeType.STRING },
      timeToLiveAttribute: 'expiresAt',
    });

    this.pseudonymSecret = new Secret(this, 'PseudonymKey', {
      description: `Key of the customers' pseudonyms of ${settings.deploymentName}; another key makes every customer a new one`,
      encryptionKey: this.key,
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy: this.#removalPolicy,
    });
    pinLogicalId(this.pseudonymSecret, 'PseudonymKey');
    acknowledge(
      this.pseudonymSecret,
      'SMG4',
      'The lake, the tables and the vectors know customers by pseudonyms of this key only: with another, none would be found again.',
    );
    this.alarmTopic = this.#alarmTopic(settings);
    this.#keepExports();

    new CfnOutput(this, 'BucketName', { value: this.bucket.bucketName });
    new CfnOutput(this, 'CustomersTableName', { value: this.customers.tableName });
    new CfnOutput(this, 'RegistryTableName', { value: this.registry.tableName });
    new CfnOutput(this, 'IdentitiesTableName', { value: this.identities.tableName });
    new CfnOutput(this, 'ModelJobsTableName', { value: this.modelJobs.tableName });
    new CfnOutput(this, 'PseudonymSecretArn', { value: this.pseudonymSecret.secretArn });
    new CfnOutput(this, 'AlarmTopicArn', { value: this.alarmTopic.topicArn });
  }

  /** CloudWatch publishes as a service, not by a role, so topic and key must let it. */
  #alarmTopic(settings: Settings): Topic {
    const topic = new Topic(this, 'Alarms', { masterKey: this.key, enforceSSL: true });
    pinLogicalId(topic, 'Alarms');
    const cloudWatch = {
      principals: [new iam.ServicePrincipal('cloudwatch.amazonaws.com')],
      conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
    };
    topic.addToResourcePolicy(
      new iam.PolicyStatement({ ...cloudWatch, actions: ['sns:Publish'], resources: [topic.topicArn] }),
    );
    this.key.addToResourcePolicy(
      new iam.PolicyStatement({ ...cloudWatch, actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: ['*'] }),
    );
    if (settings.alarmEmail !== '') {
      topic.addSubscription(new EmailSubscription(settings.alarmEmail));
      acknowledge(
        topic,
        'SNSRedrivePolicy',
        'Who does not get the e-mail finds the alarm in CloudWatch, which keeps its state and history.',
        'Serverless',
      );
    }
    return topic;
  }

  /**
   * What other stacks use is exported whether or not they use it at present: an upgrade that no longer needs an export could otherwise not
   * be deployed, since this stack goes first and CloudFormation removes no export that is in use.
   */
  #keepExports(): void {
    for (const { tableName, tableArn } of [this.customers, this.registry, this.identities, this.modelJobs]) {
      this.exportValue(tableName);
      this.exportValue(tableArn);
    }
    const { bucketName, bucketArn } = this.bucket;
    for (const value of [
      bucketName,
      bucketArn,
      this.key.keyArn,
      this.pseudonymSecret.secretArn,
      this.alarmTopic.topicArn,
    ]) {
      this.exportValue(value);
    }
  }

  #dataBucket(settings: Settings): Bucket {
    const accessLogs = new Bucket(this, 'AccessLogs', {
      // Server access logs cannot be delivered to a bucket that is encrypted with a customer's key.
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      removalPolicy: this.#removalPolicy,
      lifecycleRules: [{ id: 'expire-logs', expiration: Duration.days(settings.logRetentionDays) }],
    });
    pinLogicalId(accessLogs, 'AccessLogs');
    acknowledge(
      accessLogs,
      'S1',
      'This bucket holds the access logs of the data bucket; logs of its own would fill it.',
    );

    const bucket = new Bucket(this, 'Data', {
      versioned: true,
      encryption: BucketEncryption.KMS,
      encryptionKey: this.key,
      bucketKeyEnabled: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      serverAccessLogsBucket: accessLogs,
      serverAccessLogsPrefix: 'data/',
      removalPolicy: this.#removalPolicy,
      lifecycleRules: [
        { id: 'abort-incomplete-uploads', abortIncompleteMultipartUploadAfter: Duration.days(7) },
        expireUnder('inbox/', settings.rawRetentionDays),
        expireUnder('vectors-inbox/', settings.rawRetentionDays),
        expireUnder('rejects/', settings.rawRetentionDays),
        expireUnder('model-input/', 7),
        expireUnder('model-output/', 7),
      ],
    });
    pinLogicalId(bucket, 'Data');
    // The property `eventBridgeEnabled` of the bucket would add a custom resource with a Python function to do the same.
    (bucket.node.defaultChild as CfnBucket).notificationConfiguration = {
      eventBridgeConfiguration: { eventBridgeEnabled: true },
    };
    return bucket;
  }

  #table(
    id: string,
    settings: Settings,
    shape: Pick<TableProps, 'partitionKey' | 'sortKey' | 'timeToLiveAttribute'>,
  ): Table {
    const table = new Table(this, id, {
      ...shape,
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: this.key,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: settings.retainData,
      removalPolicy: this.#removalPolicy,
    });
    pinLogicalId(table, id);
    return table;
  }
}

/** Old versions go as the current ones do: in a versioned bucket an expired object otherwise lives on as a noncurrent version. */
function expireUnder(prefix: string, days: number): LifecycleRule {
  return {
    id: `expire-${prefix.slice(0, -1)}`,
    prefix,
    expiration: Duration.days(days),
    noncurrentVersionExpiration: Duration.days(days),
  };
}
