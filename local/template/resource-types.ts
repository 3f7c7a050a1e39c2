import type { Json } from './intrinsics.ts';

/** What a resource is called once it stands. */
export interface Identity {
  /** The answer to `Ref`. */
  readonly ref: string;
  /** The answers to `Fn::GetAtt`. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** What a resource's identity is made of. */
export interface Naming {
  /** The name that the template gives, else one made of stack, logical id and a hash, as CloudFormation does. */
  readonly name: string;
  /** Twelve characters, different for every resource. */
  readonly hash: string;
  readonly region: string;
  readonly accountId: string;
  /** Where the embedded HTTP API listens. */
  readonly apiUrl: string;
  /** Where the embedded token issuer listens. */
  readonly issuerUrl: string;
  arn(service: string, resource: string): string;
  /** Without a region: IAM. */
  accountArn(service: string, resource: string): string;
  /** Without region and account: S3. */
  globalArn(service: string, resource: string): string;
  property(name: string): Json | undefined;
}

export interface ResourceType {
  /** The folder of `local/` that plays it; undefined: there is nothing to run on a laptop. */
  readonly playedBy?: string;
  /** The property that names it. */
  readonly nameProperty?: string;
  /** Property paths that the player acts upon; a path covers all beneath it, `[]` stands for each element of a list. */
  readonly understood?: readonly string[];
  /** Property paths that change nothing here: encryption at rest, retention, tracing, tags, … */
  readonly inert?: readonly string[];
  readonly identify: (naming: Naming) => Identity;
}

const byName = ({ name }: Naming): Identity => ({ ref: name, attributes: {} });

/** `Ref` answers the ARN, and so does the attribute of that name. */
function byArn(service: string, resource: (naming: Naming) => string, arnAttribute = 'Arn', nameAttribute?: string) {
  return (naming: Naming): Identity => {
    const arn = naming.arn(service, resource(naming));
    return {
      ref: arn,
      attributes: { [arnAttribute]: arn, ...(nameAttribute ? { [nameAttribute]: naming.name } : {}) },
    };
  };
}

/** `Ref` answers the name. */
function byNameWithArn(service: string, resource: (naming: Naming) => string) {
  return (naming: Naming): Identity => ({
    ref: naming.name,
    attributes: { Arn: naming.arn(service, resource(naming)) },
  });
}

const nothingToRun = { identify: byName } satisfies ResourceType;

const tableProperties = {
  understood: [
    'AttributeDefinitions',
    'BillingMode',
    'GlobalSecondaryIndexes',
    'KeySchema',
    'LocalSecondaryIndexes',
    'Replicas[].SSESpecification.KMSMasterKeyId',
    'SSESpecification',
    'TableName',
  ],
  inert: [
    'ContributorInsightsSpecification',
    'DeletionProtectionEnabled',
    'PointInTimeRecoverySpecification',
    'Replicas[].PointInTimeRecoverySpecification',
    'Replicas[].Region',
    'TableClass',
    'Tags',
    'TimeToLiveSpecification',
    'WarmThroughput',
  ],
  nameProperty: 'TableName',
  playedBy: 'dynamodb',
  identify: byNameWithArn('dynamodb', ({ name }) => `table/${name}`),
} satisfies ResourceType;

/**
 * Every resource type that a template may hold here. One that is not listed, or a property of a played type that is in neither of its
 * lists, stops the start by name: what AWS would do and this cloud would not must never go unseen.
 * `Ref` and attributes as in the CloudFormation template reference, "Return values" of each type.
 */
export const resourceTypes: Readonly<Record<string, ResourceType>> = {
  'AWS::S3::Bucket': {
    playedBy: 's3',
    nameProperty: 'BucketName',
    understood: [
      'BucketEncryption',
      'BucketName',
      'NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled',
      'VersioningConfiguration.Status',
    ],
    inert: [
      'AccessControl',
      'LifecycleConfiguration',
      'LoggingConfiguration',
      'OwnershipControls',
      'PublicAccessBlockConfiguration',
      'Tags',
    ],
    identify: ({ name, region, globalArn }) => ({
      ref: name,
      attributes: {
        Arn: globalArn('s3', name),
        DomainName: `${name}.s3.amazonaws.com`,
        RegionalDomainName: `${name}.s3.${region}.amazonaws.com`,
      },
    }),
  },
  'AWS::DynamoDB::Table': tableProperties,
  'AWS::DynamoDB::GlobalTable': tableProperties,
  'AWS::SecretsManager::Secret': {
    playedBy: 'secrets-manager',
    nameProperty: 'Name',
    understood: ['GenerateSecretString', 'KmsKeyId', 'Name', 'SecretString'],
    inert: ['Description', 'Tags'],
    identify: (naming) => {
      const arn = naming.arn('secretsmanager', `secret:${naming.name}-${naming.hash.slice(0, 6)}`);
      return { ref: arn, attributes: { Id: arn } };
    },
  },
  'AWS::SNS::Topic': {
    playedBy: 'sns',
    nameProperty: 'TopicName',
    understood: ['KmsMasterKeyId', 'TopicName'],
    inert: ['DisplayName', 'Tags', 'TracingConfig'],
    identify: byArn('sns', ({ name }) => name, 'TopicArn', 'TopicName'),
  },
  'AWS::SNS::Subscription': {
    playedBy: 'sns',
    understood: ['Endpoint', 'Protocol', 'RedrivePolicy', 'TopicArn'],
    inert: ['Region'],
    identify: (naming) => {
      const arn = `${naming.property('TopicArn')}:${naming.hash}`;
      return { ref: arn, attributes: { Arn: arn } };
    },
  },
  'AWS::SQS::Queue': {
    playedBy: 'sqs',
    nameProperty: 'QueueName',
    understood: ['KmsMasterKeyId', 'QueueName'],
    inert: [
      'KmsDataKeyReusePeriodSeconds',
      'MessageRetentionPeriod',
      'RedriveAllowPolicy',
      'SqsManagedSseEnabled',
      'Tags',
      'VisibilityTimeout',
    ],
    identify: ({ name, region, accountId, arn }) => ({
      ref: `https://sqs.${region}.amazonaws.com/${accountId}/${name}`,
      attributes: {
        Arn: arn('sqs', name),
        QueueName: name,
        QueueUrl: `https://sqs.${region}.amazonaws.com/${accountId}/${name}`,
      },
    }),
  },
  'AWS::Lambda::Function': {
    playedBy: 'lambda',
    nameProperty: 'FunctionName',
    understood: [
      'Code.S3Bucket',
      'Code.S3Key',
      'DeadLetterConfig.TargetArn',
      'Environment.Variables',
      'FunctionName',
      'Handler',
      'LoggingConfig.LogGroup',
      'MemorySize',
      'ReservedConcurrentExecutions',
      'Role',
      'Runtime',
      'Timeout',
    ],
    inert: [
      'Architectures',
      'Description',
      'EphemeralStorage',
      'KmsKeyArn',
      'LoggingConfig.ApplicationLogLevel',
      'LoggingConfig.LogFormat',
      'LoggingConfig.SystemLogLevel',
      'RecursiveLoop',
      'RuntimeManagementConfig',
      'Tags',
      'TracingConfig',
    ],
    identify: byNameWithArn('lambda', ({ name }) => `function:${name}`),
  },
  'AWS::Lambda::EventInvokeConfig': {
    playedBy: 'lambda',
    understood: [
      'DestinationConfig.OnFailure.Destination',
      'FunctionName',
      'MaximumEventAgeInSeconds',
      'MaximumRetryAttempts',
      'Qualifier',
    ],
    identify: byName,
  },
  'AWS::Events::Rule': {
    playedBy: 'events',
    nameProperty: 'Name',
    understood: [
      'EventBusName',
      'EventPattern',
      'Name',
      'ScheduleExpression',
      'State',
      'Targets[].Arn',
      'Targets[].DeadLetterConfig.Arn',
      'Targets[].Id',
      'Targets[].Input',
      'Targets[].InputPath',
      'Targets[].InputTransformer',
      'Targets[].RoleArn',
    ],
    // A target's RetryPolicy is about deliveries that fail on the way; here a delivery within one process does not.
    inert: ['Description', 'Tags', 'Targets[].RetryPolicy'],
    identify: byNameWithArn('events', ({ name }) => `rule/${name}`),
  },
  'AWS::StepFunctions::StateMachine': {
    playedBy: 'states',
    nameProperty: 'StateMachineName',
    understood: ['DefinitionString', 'DefinitionSubstitutions', 'RoleArn', 'StateMachineName', 'StateMachineType'],
    inert: ['EncryptionConfiguration', 'LoggingConfiguration', 'Tags', 'TracingConfiguration'],
    identify: byArn('states', ({ name }) => `stateMachine:${name}`, 'Arn', 'Name'),
  },
  'AWS::SageMaker::Model': {
    playedBy: 'sagemaker',
    nameProperty: 'ModelName',
    understood: ['ExecutionRoleArn', 'ModelName', 'PrimaryContainer.Image'],
    inert: ['EnableNetworkIsolation', 'PrimaryContainer.Mode', 'Tags'],
    identify: byArn('sagemaker', ({ name }) => `model/${name.toLowerCase()}`, 'Id', 'ModelName'),
  },
  'AWS::SageMaker::EndpointConfig': {
    playedBy: 'sagemaker',
    nameProperty: 'EndpointConfigName',
    understood: [
      'AsyncInferenceConfig.ClientConfig.MaxConcurrentInvocationsPerInstance',
      'AsyncInferenceConfig.OutputConfig.NotificationConfig.ErrorTopic',
      'AsyncInferenceConfig.OutputConfig.NotificationConfig.SuccessTopic',
      'AsyncInferenceConfig.OutputConfig.S3FailurePath',
      'AsyncInferenceConfig.OutputConfig.S3OutputPath',
      'EndpointConfigName',
      'ProductionVariants[].ModelName',
      'ProductionVariants[].VariantName',
    ],
    inert: [
      'AsyncInferenceConfig.OutputConfig.KmsKeyId',
      'EnableNetworkIsolation',
      'KmsKeyId',
      'ProductionVariants[].ContainerStartupHealthCheckTimeoutInSeconds',
      'ProductionVariants[].InferenceAmiVersion',
      'ProductionVariants[].InitialInstanceCount',
      'ProductionVariants[].InitialVariantWeight',
      'ProductionVariants[].InstanceType',
      'ProductionVariants[].ModelDataDownloadTimeoutInSeconds',
      'Tags',
    ],
    identify: byArn('sagemaker', ({ name }) => `endpoint-config/${name.toLowerCase()}`, 'Id', 'EndpointConfigName'),
  },
  'AWS::SageMaker::Endpoint': {
    playedBy: 'sagemaker',
    nameProperty: 'EndpointName',
    understood: ['EndpointConfigName', 'EndpointName'],
    inert: ['DeploymentConfig', 'RetainAllVariantProperties', 'Tags'],
    identify: byArn('sagemaker', ({ name }) => `endpoint/${name.toLowerCase()}`, 'Id', 'EndpointName'),
  },
  'AWS::ApiGatewayV2::Api': {
    playedBy: 'http-api',
    understood: ['CorsConfiguration', 'Name', 'ProtocolType'],
    inert: ['Description', 'DisableExecuteApiEndpoint', 'Tags'],
    identify: ({ hash, apiUrl }) => ({
      ref: hash.slice(0, 10),
      attributes: { ApiId: hash.slice(0, 10), ApiEndpoint: apiUrl },
    }),
  },
  'AWS::ApiGatewayV2::Stage': {
    playedBy: 'http-api',
    nameProperty: 'StageName',
    understood: [
      'ApiId',
      'DefaultRouteSettings.ThrottlingBurstLimit',
      'DefaultRouteSettings.ThrottlingRateLimit',
      'StageName',
    ],
    inert: ['AccessLogSettings', 'AutoDeploy', 'DefaultRouteSettings.DetailedMetricsEnabled', 'Description', 'Tags'],
    identify: byName,
  },
  'AWS::ApiGatewayV2::Integration': {
    playedBy: 'http-api',
    understood: ['ApiId', 'IntegrationType', 'IntegrationUri', 'PayloadFormatVersion', 'TimeoutInMillis'],
    inert: ['Description', 'IntegrationMethod'],
    identify: ({ hash }) => ({ ref: hash, attributes: { IntegrationId: hash } }),
  },
  'AWS::ApiGatewayV2::Authorizer': {
    playedBy: 'http-api',
    understood: ['ApiId', 'AuthorizerType', 'IdentitySource', 'JwtConfiguration'],
    inert: ['Name'],
    identify: ({ hash }) => ({ ref: hash, attributes: { AuthorizerId: hash } }),
  },
  'AWS::ApiGatewayV2::Route': {
    playedBy: 'http-api',
    understood: ['ApiId', 'AuthorizationScopes', 'AuthorizationType', 'AuthorizerId', 'RouteKey', 'Target'],
    inert: ['OperationName'],
    identify: ({ hash }) => ({ ref: hash, attributes: { RouteId: hash } }),
  },

  // The embedded issuer stands in for a user pool: it signs the tokens of endpoints.json itself, and asks no client for its secret.
  'AWS::Cognito::UserPool': {
    playedBy: 'http-api',
    nameProperty: 'UserPoolName',
    inert: [
      'AccountRecoverySetting',
      'AdminCreateUserConfig',
      'DeletionProtection',
      'EmailVerificationMessage',
      'EmailVerificationSubject',
      'Policies',
      'SmsVerificationMessage',
      'UserPoolName',
      'UserPoolTags',
      'UserPoolTier',
      'VerificationMessageTemplate',
    ],
    identify: ({ hash, region, arn, issuerUrl }) => {
      const id = `${region}_${hash.slice(0, 9)}`;
      return {
        ref: id,
        attributes: {
          Arn: arn('cognito-idp', `userpool/${id}`),
          ProviderName: `cognito-idp.${region}.amazonaws.com/${id}`,
          ProviderURL: issuerUrl,
          UserPoolId: id,
        },
      };
    },
  },
  'AWS::Cognito::UserPoolClient': {
    playedBy: 'http-api',
    inert: [
      'AccessTokenValidity',
      'AllowedOAuthFlows',
      'AllowedOAuthFlowsUserPoolClient',
      'AllowedOAuthScopes',
      'ClientName',
      'ExplicitAuthFlows',
      'GenerateSecret',
      'SupportedIdentityProviders',
      'TokenValidityUnits',
      'UserPoolId',
    ],
    identify: ({ hash }) => ({ ref: hash, attributes: { ClientId: hash } }),
  },
  'AWS::Cognito::UserPoolDomain': {
    identify: ({ property }) => ({ ref: String(property('Domain')), attributes: {} }),
  },
  'AWS::Cognito::UserPoolResourceServer': {
    identify: ({ property }) => ({ ref: String(property('Identifier')), attributes: {} }),
  },

  'AWS::ApplicationAutoScaling::ScalableTarget': nothingToRun,
  'AWS::ApplicationAutoScaling::ScalingPolicy': nothingToRun,
  'AWS::CDK::Metadata': nothingToRun,
  'AWS::CloudWatch::Alarm': {
    nameProperty: 'AlarmName',
    identify: byNameWithArn('cloudwatch', ({ name }) => `alarm:${name}`),
  },
  'AWS::CloudWatch::Dashboard': nothingToRun,
  'AWS::IAM::ManagedPolicy': {
    playedBy: 'iam',
    nameProperty: 'ManagedPolicyName',
    understood: ['ManagedPolicyName', 'PolicyDocument', 'Roles'],
    inert: ['Description', 'Path'],
    identify: ({ name, accountArn }) => ({ ref: accountArn('iam', `policy/${name}`), attributes: {} }),
  },
  'AWS::IAM::Policy': {
    playedBy: 'iam',
    understood: ['PolicyDocument', 'Roles'],
    inert: ['PolicyName'],
    identify: byName,
  },
  'AWS::IAM::Role': {
    playedBy: 'iam',
    nameProperty: 'RoleName',
    understood: ['AssumeRolePolicyDocument', 'ManagedPolicyArns', 'Policies', 'RoleName'],
    inert: ['Description', 'MaxSessionDuration', 'Tags'],
    identify: ({ name, hash, accountArn }) => ({
      ref: name,
      attributes: { Arn: accountArn('iam', `role/${name}`), RoleId: `AROA${hash.toUpperCase()}` },
    }),
  },
  'AWS::KMS::Alias': { nameProperty: 'AliasName', identify: byName },
  'AWS::KMS::Key': {
    playedBy: 'iam',
    understood: ['KeyPolicy'],
    inert: ['Description', 'EnableKeyRotation', 'PendingWindowInDays', 'RotationPeriodInDays', 'Tags'],
    identify: ({ hash, arn }) => ({ ref: hash, attributes: { Arn: arn('kms', `key/${hash}`), KeyId: hash } }),
  },
  'AWS::Lambda::Permission': {
    playedBy: 'iam',
    understood: ['Action', 'FunctionName', 'Principal', 'SourceAccount', 'SourceArn'],
    identify: byName,
  },
  'AWS::Logs::LogGroup': {
    nameProperty: 'LogGroupName',
    identify: byNameWithArn('logs', ({ name }) => `log-group:${name}:*`),
  },
  'AWS::Logs::ResourcePolicy': nothingToRun,
  'AWS::S3::BucketPolicy': { playedBy: 'iam', understood: ['Bucket', 'PolicyDocument'], identify: byName },
  'AWS::SNS::TopicPolicy': { playedBy: 'iam', understood: ['PolicyDocument', 'Topics'], identify: byName },
  'AWS::SQS::QueuePolicy': { playedBy: 'iam', understood: ['PolicyDocument', 'Queues'], identify: byName },
  'AWS::SecretsManager::ResourcePolicy': {
    playedBy: 'iam',
    understood: ['PolicyDocument', 'SecretId'],
    inert: ['BlockPublicPolicy'],
    identify: byName,
  },
};
