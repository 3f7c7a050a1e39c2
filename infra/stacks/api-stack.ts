import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  CfnRoute,
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  type HttpRoute,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { FunctionName } from '../../contracts/environments.ts';
import { type Scope, scopes } from '../../contracts/scopes.ts';
import type { Settings } from '../../contracts/settings.ts';
import type { FunctionBundles } from '../bundles.ts';
import { allow, allowObjects, allowSecret, allowTable, type TableAction } from '../constructs/access.ts';
import { acknowledge } from '../constructs/acknowledgements.ts';
import { ActionableAlarm } from '../constructs/actionable-alarm.ts';
import { ExpiringLogGroup } from '../constructs/expiring-log-group.ts';
import { KindredFunction, type Variables } from '../constructs/kindred-function.ts';
import type { DataStack } from './data-stack.ts';
import type { PipelineStack } from './pipeline-stack.ts';

export interface ApiStackProps extends StackProps {
  readonly settings: Settings;
  readonly bundles: FunctionBundles;
  readonly data: DataStack;
  readonly pipeline: PipelineStack;
  readonly tokens: TokenIssuer;
}

/** Whose tokens the API accepts. */
export interface TokenIssuer {
  /** OpenID Connect issuer. */
  readonly issuerUrl: string;
  /** `aud` or `client_id` of its tokens. */
  readonly audiences: readonly string[];
}

/** The HTTP API: look-ups behind an OpenID Connect token, one function per route. */
export class ApiStack extends Stack {
  readonly #props: ApiStackProps;
  readonly #api: HttpApi;
  readonly #authorizer: HttpJwtAuthorizer;

  constructor(scope: Construct, id: string, props: ApiStackProps) {
    super(scope, id, props);
    this.#props = props;
    const { settings, data, pipeline, tokens } = props;
    this.#api = new HttpApi(this, 'Api', { apiName: settings.deploymentName, createDefaultStage: false });
    this.#authorizer = new HttpJwtAuthorizer('Tokens', tokens.issuerUrl, { jwtAudience: [...tokens.audiences] });
    this.#stage();
    this.#watch();

    const registry = { REGISTRY_TABLE: data.registry.tableName };
    this.#route('/segments', this.#function('list-segments', registry, ['GetItem', 'Query']));
    this.#route('/segments/{segmentId}', this.#function('get-segment', registry, ['GetItem']));
    this.#route('/runs', this.#function('list-runs', registry, ['Query']));
    this.#route('/runs/{runId}', this.#function('get-run', registry, ['GetItem', 'Query']));

    const members = this.#function(
      'list-segment-members',
      {
        ...registry,
        BUCKET_NAME: data.bucket.bucketName,
        IDENTITIES_TABLE: data.identities.tableName,
        LAKE_PARTITIONS: String(settings.lakePartitions),
      },
      ['GetItem'],
    );
    allowObjects(members.role, data.bucket, data.key, { read: ['runs/'], tellAbsence: true });
    allowTable(members.role, data.identities, data.key, ['Query']);
    this.#route('/segments/{segmentId}/members', members);

    const customers = {
      ...registry,
      CUSTOMERS_TABLE: data.customers.tableName,
      PSEUDONYM_SECRET_ARN: data.pseudonymSecret.secretArn,
    };
    const customer = this.#function('get-customer-segment', customers, ['GetItem']);
    const batch = this.#function('batch-get-customer-segments', customers, ['GetItem']);
    for (const { role } of [customer, batch]) {
      allowTable(role, data.customers, data.key, ['Query']);
      allowSecret(role, data.pseudonymSecret, data.key);
    }
    this.#route('/customers/{customerId}/segment', customer);
    this.#route('/customers/segments:batchGet', batch, HttpMethod.POST);

    const { segmentRun } = pipeline;
    const startRun = this.#function(
      'start-run',
      { ...registry, RUN_STATE_MACHINE_ARN: segmentRun.resource.stateMachineArn },
      ['GetItem', 'PutItem', 'UpdateItem'],
    );
    allow(startRun.role, ['states:StartExecution'], [segmentRun.resource.stateMachineArn]);
    segmentRun.allowDescribingExecutions(startRun);
    this.#route('/runs', startRun, HttpMethod.POST, scopes.admin);

    const classify = this.#function('classify-customer', { ...registry, BUCKET_NAME: data.bucket.bucketName }, [
      'GetItem',
    ]);
    allowObjects(classify.role, data.bucket, data.key, {
      read: ['runs/', 'lake/', 'embeddings/'],
      list: ['embeddings/'],
      tellAbsence: true,
    });
    this.#route('/customers:classify', classify, HttpMethod.POST, scopes.writeCustomers);

    this.#openRoute(
      '/openapi.json',
      new KindredFunction(this, 'get-openapi', {
        ...props,
        functionName: 'get-openapi',
        environment: {},
      }),
    );

    new CfnOutput(this, 'ApiUrl', { value: this.#api.apiEndpoint });
  }

  #stage(): void {
    const { settings } = this.#props;
    new HttpStage(this, 'Stage', {
      httpApi: this.#api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: settings.apiRequestsPerSecond, burstLimit: settings.apiBurst },
      detailedMetricsEnabled: true,
      accessLogSettings: {
        destination: new LogGroupLogDestination(new ExpiringLogGroup(this, 'RequestLogs', { settings })),
        // No path and no query: they may hold a customer's id.
        format: AccessLogFormat.custom(
          JSON.stringify({
            requestId: '$context.requestId',
            time: '$context.requestTime',
            routeKey: '$context.routeKey',
            status: '$context.status',
            latencyMs: '$context.responseLatency',
            responseBytes: '$context.responseLength',
            error: '$context.error.message',
            integrationError: '$context.integrationErrorMessage',
          }),
        ),
      },
    });
  }

  #watch(): void {
    const topic = this.#props.data.alarmTopic;
    const period = Duration.minutes(5);
    new ActionableAlarm(this, 'ApiFails', {
      topic,
      metric: this.#api.metricServerError({ period, statistic: 'Sum' }),
      threshold: 5,
      periods: 1,
      what: 'The API answered five requests or more within five minutes with a server error.',
      step: "Find the route in the API's request logs by status 500 and above, then the error in the logs of its function.",
    });
    new ActionableAlarm(this, 'ApiSlow', {
      topic,
      metric: this.#api.metricLatency({ period, statistic: 'p99' }),
      threshold: 3000,
      periods: 3,
      what: 'One request in a hundred has taken the API three seconds or more, for a quarter of an hour.',
      step: 'Look in X-Ray at what the slow requests wait for: cold starts, throttled functions or DynamoDB.',
    });
  }

  /** A route's function, with what it does in the registry. */
  #function<F extends FunctionName>(
    functionName: F,
    environment: Variables<F>,
    registryActions: readonly TableAction[],
  ): KindredFunction<F> {
    const { data } = this.#props;
    const created = new KindredFunction(this, functionName, { ...this.#props, functionName, environment });
    allowTable(created.role, data.registry, data.key, registryActions);
    return created;
  }

  #route(
    path: string,
    handler: KindredFunction<FunctionName>,
    method = HttpMethod.GET,
    scope: Scope = scopes.readSegments,
  ): void {
    const routes = this.#api.addRoutes({
      path,
      methods: [method],
      integration: new HttpLambdaIntegration(handler.node.id, handler.resource),
      authorizer: this.#authorizer,
      authorizationScopes: [scope],
    });
    if (method === HttpMethod.GET) this.#alsoHead(path, routes);
  }

  /**
   * HEAD wherever GET is (RFC 9110, section 9.1), by a second route to the integration of the first. The permission that CDK adds with GET
   * holds for every method of the path; adding HEAD the same way would add it twice.
   */
  #alsoHead(path: string, routes: readonly HttpRoute[]): void {
    for (const route of routes) {
      const { apiId, target, authorizationType, authorizerId, authorizationScopes } = route.node
        .defaultChild as CfnRoute;
      const head = new CfnRoute(route, 'Head', {
        apiId,
        routeKey: `HEAD ${path}`,
        target,
        authorizationType,
        authorizerId,
        authorizationScopes,
      });
      head.node.addDependency(route);
    }
  }

  #openRoute(path: string, handler: KindredFunction<FunctionName>): void {
    const routes = this.#api.addRoutes({
      path,
      methods: [HttpMethod.GET],
      integration: new HttpLambdaIntegration(handler.node.id, handler.resource),
      authorizer: new HttpNoneAuthorizer(),
    });
    this.#alsoHead(path, routes);
    for (const route of routes) {
      acknowledge(route, 'APIG4', "The API's description is public, as its source is; it reads no data.");
    }
  }
}
