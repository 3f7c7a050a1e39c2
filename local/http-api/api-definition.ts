import { UnrunnableTemplateError } from '../template/errors.ts';
import type { CloudResource } from '../template/resolved-template.ts';
import type { CorsConfiguration } from './cors.ts';
import { JwtAuthorizer } from './jwt-authorizer.ts';
import { Throttle } from './throttle.ts';

export interface ApiRoute {
  readonly routeKey: string;
  readonly functionArn: string;
  readonly timeoutMs: number;
  readonly scopes: readonly string[];
  /** Undefined: the route is open. */
  readonly authorizer: JwtAuthorizer | undefined;
}

export interface ApiDefinition {
  readonly apiId: string;
  readonly stage: string;
  readonly routes: readonly ApiRoute[];
  readonly cors: CorsConfiguration | undefined;
  /** Undefined: the stage sets no limit. */
  readonly throttle: Throttle | undefined;
  /** The first one that tokens may be for; undefined: no route asks for a token. */
  readonly audience: string | undefined;
}

/** API Gateway's integration timeout, at most and by default. */
const DEFAULT_TIMEOUT_MS = 30_000;

/** The one HTTP API of the template. @throws UnrunnableTemplateError for what cannot be served here */
export function apiDefinition(resources: readonly CloudResource[], clock: () => number): ApiDefinition | undefined {
  const ofType = (type: string) => resources.filter((resource) => resource.type === `AWS::ApiGatewayV2::${type}`);
  const [api, second] = ofType('Api');
  if (api === undefined) return undefined;
  if (second !== undefined)
    throw refused(second, `a template can hold one HTTP API here, and ${api.logicalId} is one already`);
  if (api.properties['ProtocolType'] !== 'HTTP') throw refused(api, 'only the protocol HTTP is known here');
  const [stage] = ofType('Stage');
  if (stage?.properties['StageName'] !== '$default')
    throw refused(stage ?? api, 'the API needs the stage $default, the only one known here');
  const [tokens] = ofType('Authorizer');
  const authorizers = new Map(ofType('Authorizer').map((resource) => [resource.ref, authorizer(resource, clock)]));
  const integrations = new Map(ofType('Integration').map((resource) => [resource.ref, resource]));
  return {
    apiId: api.ref,
    stage: '$default',
    cors: api.properties['CorsConfiguration'] as CorsConfiguration | undefined,
    throttle: throttle(stage.properties['DefaultRouteSettings'] as RouteSettings | undefined, clock),
    audience: tokens && jwtConfiguration(tokens).Audience[0],
    routes: ofType('Route').map((route) => {
      const { RouteKey, Target, AuthorizationType = 'NONE', AuthorizerId, AuthorizationScopes = [] } = route.properties;
      const integration = integrations.get(String(Target).replace('integrations/', ''));
      if (integration === undefined) throw refused(route, `there is no integration ${Target}`);
      const {
        IntegrationType,
        IntegrationUri,
        PayloadFormatVersion,
        TimeoutInMillis = DEFAULT_TIMEOUT_MS,
      } = integration.properties;
      if (IntegrationType !== 'AWS_PROXY' || PayloadFormatVersion !== '2.0') {
        throw refused(integration, 'only AWS_PROXY with payload format 2.0 is known here');
      }
      if (AuthorizationType !== 'NONE' && AuthorizationType !== 'JWT') {
        throw refused(route, `the authorization type ${AuthorizationType} is not known here; known are NONE and JWT`);
      }
      const found = authorizers.get(String(AuthorizerId));
      if (AuthorizationType === 'JWT' && found === undefined)
        throw refused(route, `there is no authorizer ${AuthorizerId}`);
      return {
        routeKey: String(RouteKey),
        functionArn: String(IntegrationUri),
        timeoutMs: Number(TimeoutInMillis),
        scopes: AuthorizationScopes as string[],
        authorizer: AuthorizationType === 'JWT' ? found : undefined,
      };
    }),
  };
}

interface RouteSettings {
  readonly ThrottlingRateLimit?: number;
  readonly ThrottlingBurstLimit?: number;
}

function throttle(settings: RouteSettings | undefined, clock: () => number): Throttle | undefined {
  const { ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst } = settings ?? {};
  return rate === undefined || burst === undefined ? undefined : new Throttle(rate, burst, clock);
}

function authorizer(resource: CloudResource, clock: () => number): JwtAuthorizer {
  const { AuthorizerType, IdentitySource } = resource.properties;
  if (AuthorizerType !== 'JWT')
    throw refused(resource, `the authorizer type ${AuthorizerType} is not known here; known is JWT`);
  const { Issuer, Audience } = jwtConfiguration(resource);
  return new JwtAuthorizer({ issuer: Issuer, audiences: Audience, identitySources: IdentitySource as string[], clock });
}

function jwtConfiguration({ properties }: CloudResource) {
  return properties['JwtConfiguration'] as { Issuer: string; Audience: string[] };
}

function refused({ stack, logicalId }: CloudResource, what: string): UnrunnableTemplateError {
  return new UnrunnableTemplateError([`${stack}/${logicalId}: ${what}`]);
}
