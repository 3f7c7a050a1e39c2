import { createHash } from 'node:crypto';
import type { Assembly, AssemblyStack } from './assembly.ts';
import { UnrunnableTemplateError } from './errors.ts';
import { type Json, resolveCondition, resolveIntrinsics, type Scope } from './intrinsics.ts';
import { unknownProperties } from './property-check.ts';
import { type Identity, type Naming, resourceTypes } from './resource-types.ts';

/** Where the template is "deployed". */
export interface DeploymentPlace {
  readonly region: string;
  /** Twelve digits. */
  readonly accountId: string;
  /** Where the HTTP API listens. */
  readonly apiUrl: string;
  /** Where tokens for it come from. */
  readonly issuerUrl: string;
}

export interface CloudResource extends Identity {
  readonly stack: string;
  readonly logicalId: string;
  /** Its construct right under the stack, such as `ingest-file`; the logical id where the assembly does not tell. */
  readonly title: string;
  readonly type: string;
  /** With every intrinsic function resolved. */
  readonly properties: { readonly [name: string]: Json };
}

export interface ResolvedTemplate {
  readonly resources: readonly CloudResource[];
  /** Stack -> output -> value. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly assets: ReadonlyMap<string, string>;
}

const PARTITION = 'aws';
const BOOTSTRAP_VERSION = '30';

/**
 * Gives every resource of the assembly its name and resolves all intrinsic functions, across stacks. Names depend on stack and logical id
 * alone, so that a restart finds its data.
 * @throws UnrunnableTemplateError naming every unknown type and property at once
 */
export function resolveTemplate(assembly: Assembly, place: DeploymentPlace): ResolvedTemplate {
  const problems = assembly.stacks.flatMap((stack) => problemsOf(stack));
  if (problems.length > 0) throw new UnrunnableTemplateError(problems);

  const exports = new Map<string, Json>();
  const resources: CloudResource[] = [];
  const outputs: Record<string, Record<string, Json>> = {};
  for (const stack of assembly.stacks) {
    const scope = new StackScope(stack, place, exports);
    for (const [logicalId, { Type: type, Properties, Condition }] of Object.entries(stack.template.Resources)) {
      if (Condition !== undefined && !scope.condition(Condition)) continue;
      const properties = resolveIntrinsics(Properties, scope, `${stack.name}/${logicalId}`) as { [name: string]: Json };
      const title = stack.constructs.get(logicalId) ?? logicalId;
      resources.push({ stack: stack.name, logicalId, title, type, properties, ...scope.identity(logicalId) });
    }
    const values: Record<string, Json> = {};
    for (const [name, output] of Object.entries(stack.template.Outputs)) {
      if (output.Condition !== undefined && !scope.condition(output.Condition)) continue;
      const where = `${stack.name}/Outputs/${name}`;
      const value = resolveIntrinsics(output.Value, scope, where) ?? null;
      values[name] = value;
      if (output.Export) exports.set(String(resolveIntrinsics(output.Export.Name, scope, where)), value);
    }
    outputs[stack.name] = values;
  }
  return { resources, outputs, assets: assembly.assets };
}

/** Checked before intrinsics are resolved, which cannot hide a name: intrinsics stand for values. */
function problemsOf({ name: stack, template }: AssemblyStack): string[] {
  return Object.entries(template.Resources).flatMap(([logicalId, { Type: typeName, Properties }]) => {
    const type = resourceTypes[typeName];
    if (type === undefined) return [`${stack}/${logicalId}: the resource type ${typeName} is not known here`];
    if (type.playedBy === undefined) return [];
    return unknownProperties(Properties, type).map(
      (path) => `${stack}/${logicalId}: the property ${path} of ${typeName} is not known here`,
    );
  });
}

class StackScope implements Scope {
  readonly #stack: AssemblyStack;
  readonly #place: DeploymentPlace;
  readonly #exports: ReadonlyMap<string, Json>;
  readonly #identities = new Map<string, Identity>();

  constructor(stack: AssemblyStack, place: DeploymentPlace, exports: ReadonlyMap<string, Json>) {
    this.#stack = stack;
    this.#place = place;
    this.#exports = exports;
  }

  ref(logicalId: string): Json {
    const pseudo = this.#pseudoParameter(logicalId);
    if (pseudo !== undefined) return pseudo;
    const parameter = this.#stack.template.Parameters[logicalId];
    if (parameter === undefined) return this.identity(logicalId).ref;
    // The value of the bootstrap stack's SSM parameter: its version.
    if (
      parameter.Type === 'AWS::SSM::Parameter::Value<String>' &&
      String(parameter.Default).startsWith('/cdk-bootstrap/')
    ) {
      return BOOTSTRAP_VERSION;
    }
    if (parameter.Type.startsWith('AWS::SSM::') || parameter.Default === undefined) {
      throw this.#refused(`the parameter ${logicalId} of type ${parameter.Type} has no value here; give it a default`);
    }
    return parameter.Default;
  }

  attribute(logicalId: string, name: string): Json {
    const { attributes } = this.identity(logicalId);
    const value = attributes[name];
    if (value === undefined) {
      const type = this.#stack.template.Resources[logicalId]?.Type;
      throw this.#refused(
        `the attribute ${name} of ${logicalId} (${type}) is not known here; known are ${Object.keys(attributes).join(', ') || 'none'}`,
      );
    }
    return value;
  }

  importValue(exportName: string): Json {
    const value = this.#exports.get(exportName);
    if (value === undefined) throw this.#refused(`nothing exports ${exportName}`);
    return value;
  }

  condition(name: string): boolean {
    const condition = this.#stack.template.Conditions[name];
    if (condition === undefined) throw this.#refused(`the condition ${name} does not exist`);
    return resolveCondition(condition, this, `${this.#stack.name}/Conditions/${name}`);
  }

  mapping(map: string, topKey: string, secondKey: string): Json {
    const value = this.#stack.template.Mappings[map]?.[topKey]?.[secondKey];
    if (value === undefined) throw this.#refused(`the mapping ${map}.${topKey}.${secondKey} does not exist`);
    return value;
  }

  identity(logicalId: string): Identity {
    const known = this.#identities.get(logicalId);
    if (known !== undefined) return known;
    const resource = this.#stack.template.Resources[logicalId];
    if (resource === undefined) throw this.#refused(`there is no resource or parameter ${logicalId}`);
    const type = resourceTypes[resource.Type]!;
    const property = (name: string): Json | undefined =>
      resolveIntrinsics(
        resource.Properties[name] ?? { Ref: 'AWS::NoValue' },
        this,
        `${this.#stack.name}/${logicalId}/${name}`,
      );
    const given = type.nameProperty === undefined ? undefined : property(type.nameProperty);
    const identity = type.identify(this.#naming(logicalId, resource.Type, property, given));
    this.#identities.set(logicalId, identity);
    return identity;
  }

  #naming(logicalId: string, type: string, property: Naming['property'], given: Json | undefined): Naming {
    const { region, accountId, apiUrl, issuerUrl } = this.#place;
    const hash = createHash('sha256').update(`${this.#stack.name}/${logicalId}`).digest('hex').slice(0, 12);
    return {
      name: typeof given === 'string' ? given : generatedName(this.#stack.name, logicalId, type, hash),
      hash,
      region,
      accountId,
      apiUrl,
      issuerUrl,
      property,
      arn: (service, resource) => `arn:${PARTITION}:${service}:${region}:${accountId}:${resource}`,
      accountArn: (service, resource) => `arn:${PARTITION}:${service}::${accountId}:${resource}`,
      globalArn: (service, resource) => `arn:${PARTITION}:${service}:::${resource}`,
    };
  }

  #pseudoParameter(name: string): Json | undefined {
    const { region, accountId } = this.#place;
    const stack = this.#stack.name;
    const values: Record<string, Json> = {
      'AWS::AccountId': accountId,
      'AWS::NotificationARNs': [],
      'AWS::Partition': PARTITION,
      'AWS::Region': region,
      'AWS::StackId': `arn:${PARTITION}:cloudformation:${region}:${accountId}:stack/${stack}/${hashedUuid(stack)}`,
      'AWS::StackName': stack,
      'AWS::URLSuffix': 'amazonaws.com',
    };
    return values[name];
  }

  #refused(what: string): UnrunnableTemplateError {
    return new UnrunnableTemplateError([`${this.#stack.name}: ${what}`]);
  }
}

/** CloudFormation's way: `stack-logicalId-random`, in lower case for buckets, cut to the service's limit. */
function generatedName(stack: string, logicalId: string, type: string, hash: string): string {
  const name = `${stack}-${logicalId}`.slice(0, 63 - hash.length - 1);
  return type === 'AWS::S3::Bucket' ? `${name}-${hash}`.toLowerCase() : `${name}-${hash}`;
}

function hashedUuid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}
