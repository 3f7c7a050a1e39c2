import { AttributeType, BillingMode, Table, TableEncryption, type TableProps } from 'aws-cdk-lib/aws-dynamodb';
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
import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Settings } from '../../contracts/settings.ts';
import { acknowledge } from '../constructs/acknowledgements.ts';

export interface DataStackProps extends StackProps {
  readonly settings: Settings;
}

/** All that is kept: the bucket, the tables, the pseudonyms' key, and the encryption key of them all. Nothing here is deleted with the stack. */
export class DataStack extends Stack {
  readonly key: Key;
  readonly bucket: Bucket;
  readonly customers: Table;
  readonly registry: Table;
  readonly identities: Table;
  readonly modelJobs: Table;
  readonly pseudonymSecret: Secret;

  constructor(scope: Construct, id: string, props: DataStackProps) {
    super(scope, id, props);
    const { settings } = props;

    this.key = new Key(this, 'Key', {
      alias: `alias/${settings.deploymentName}`,
      description: `Encrypts the customer data of ${settings.deploymentName}`,
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.bucket = this.#dataBucket(settings);

    this.customers = this.#table('Customers', {
      partitionKey: { name: 'customer', type: AttributeType.STRING },
      sortKey: { name: 'runSeq', type: AttributeType.NUMBER },
    });
    this.registry = this.#table('Registry', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
    });
    this.identities = this.#table('Identities', {
      partitionKey: { name: 'bucket', type: AttributeType.STRING },
      sortKey: { name: 'importId', type: AttributeType.STRING },
    });
    this.modelJobs = this.#table('ModelJobs', {
      partitionKey: { name: 'inferenceId', type: AttributeType.STRING },
      timeToLiveAttribute: 'expiresAt',
    });

    this.pseudonymSecret = new Secret(this, 'PseudonymKey', {
      description: `Key of the customers' pseudonyms of ${settings.deploymentName}; another key makes every customer a new one`,
      encryptionKey: this.key,
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy: RemovalPolicy.RETAIN,
    });
    acknowledge(
      this.pseudonymSecret,
      'SMG4',
      'The lake, the tables and the vectors know customers by pseudonyms of this key only: with another, none would be found again.',
    );

    new CfnOutput(this, 'BucketName', { value: this.bucket.bucketName });
    new CfnOutput(this, 'CustomersTableName', { value: this.customers.tableName });
    new CfnOutput(this, 'RegistryTableName', { value: this.registry.tableName });
    new CfnOutput(this, 'IdentitiesTableName', { value: this.identities.tableName });
    new CfnOutput(this, 'ModelJobsTableName', { value: this.modelJobs.tableName });
    new CfnOutput(this, 'PseudonymSecretArn', { value: this.pseudonymSecret.secretArn });
  }

  #dataBucket(settings: Settings): Bucket {
    const accessLogs = new Bucket(this, 'AccessLogs', {
      // Server access logs cannot be delivered to a bucket that is encrypted with a customer's key.
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [{ id: 'expire-logs', expiration: Duration.days(settings.logRetentionDays) }],
    });
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
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [
        { id: 'abort-incomplete-uploads', abortIncompleteMultipartUploadAfter: Duration.days(7) },
        expireUnder('inbox/', settings.rawRetentionDays),
        expireUnder('vectors-inbox/', settings.rawRetentionDays),
        expireUnder('rejects/', settings.rawRetentionDays),
        expireUnder('model-input/', 7),
        expireUnder('model-output/', 7),
      ],
    });
    // The property `eventBridgeEnabled` of the bucket would add a custom resource with a Python function to do the same.
    (bucket.node.defaultChild as CfnBucket).notificationConfiguration = {
      eventBridgeConfiguration: { eventBridgeEnabled: true },
    };
    return bucket;
  }

  #table(id: string, shape: Pick<TableProps, 'partitionKey' | 'sortKey' | 'timeToLiveAttribute'>): Table {
    return new Table(this, id, {
      ...shape,
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: this.key,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
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
