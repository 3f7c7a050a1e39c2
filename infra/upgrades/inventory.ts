/** What an upgrade must leave as it is: the resources that hold state, and the exports that other stacks import. */
export interface Inventory {
  /** `<stack>/<logical id>` -> what the resource holds fast. */
  readonly resources: Readonly<Record<string, StatefulResource>>;
  /** Names of all exports, in alphabetical order. */
  readonly exports: readonly string[];
}

export interface StatefulResource {
  readonly type: string;
  /** Whether it outlives its stack and its replacement. */
  readonly retained: boolean;
  /** Properties whose change would give a new, empty resource, or another content of a secret. */
  readonly fixed: Readonly<Record<string, unknown>>;
}

// biome-ignore lint/suspicious/noExplicitAny: CloudFormation's JSON
type Properties = any;

export interface TemplateJson {
  readonly Resources?: Readonly<
    Record<
      string,
      {
        readonly Type: string;
        readonly Properties?: Properties;
        readonly DeletionPolicy?: string;
        readonly UpdateReplacePolicy?: string;
      }
    >
  >;
  readonly Outputs?: Readonly<Record<string, { readonly Export?: { readonly Name: unknown } }>>;
}

/**
 * Of each stateful type what must not change. Source: CloudFormation template reference, the properties marked "Update requires: Replacement"
 * or "Updates are not supported"; of a secret also what generates it, since an update of that makes a new value.
 */
const fixedOf: Readonly<Record<string, (properties: Properties) => Readonly<Record<string, unknown>>>> = {
  'AWS::Cognito::UserPool': ({ AliasAttributes, UsernameAttributes, UsernameConfiguration }) => ({
    AliasAttributes,
    UsernameAttributes,
    UsernameConfiguration,
  }),
  'AWS::Cognito::UserPoolClient': ({ GenerateSecret, UserPoolId }) => ({ GenerateSecret, UserPoolId }),
  'AWS::Cognito::UserPoolResourceServer': ({ Identifier, UserPoolId }) => ({ Identifier, UserPoolId }),
  'AWS::DynamoDB::Table': ({ TableName, KeySchema, AttributeDefinitions, LocalSecondaryIndexes }) => ({
    TableName,
    key: KeySchema.map(({ AttributeName, KeyType }: Properties) => {
      const defined = AttributeDefinitions.find((one: Properties) => one.AttributeName === AttributeName);
      return `${KeyType} ${AttributeName} ${defined?.AttributeType}`;
    }).join(', '),
    LocalSecondaryIndexes,
  }),
  'AWS::KMS::Key': ({ KeySpec, KeyUsage, MultiRegion }) => ({ KeySpec, KeyUsage, MultiRegion }),
  'AWS::S3::Bucket': ({ BucketName }) => ({ BucketName }),
  'AWS::SecretsManager::Secret': ({ Name, GenerateSecretString }) => ({ Name, GenerateSecretString }),
};

/** The inventory of these templates, by stack name. */
export function inventoryOf(templates: Readonly<Record<string, TemplateJson>>): Inventory {
  const resources: Record<string, StatefulResource> = {};
  const exports: string[] = [];
  for (const [stack, { Resources = {}, Outputs = {} }] of Object.entries(templates).sort()) {
    for (const [logicalId, { Type: type, Properties = {}, DeletionPolicy, UpdateReplacePolicy }] of Object.entries(
      Resources,
    ).sort()) {
      const fixed = fixedOf[type]?.(Properties);
      if (fixed === undefined) continue;
      const retained = DeletionPolicy === 'Retain' && UpdateReplacePolicy === 'Retain';
      resources[`${stack}/${logicalId}`] = { type, retained, fixed: JSON.parse(JSON.stringify(fixed)) };
    }
    for (const { Export } of Object.values(Outputs)) if (Export) exports.push(String(Export.Name));
  }
  return { resources, exports: exports.sort() };
}

/** What an upgrade from `before` to `after` would lose or break, in words; none: it may be deployed. */
export function upgradeProblems(before: Inventory, after: Inventory): string[] {
  const problems: string[] = [];
  for (const [id, was] of Object.entries(before.resources)) {
    const is = after.resources[id];
    if (is === undefined) {
      problems.push(`${id} (${was.type}) is gone: keep it under this logical id, or move its content first`);
      continue;
    }
    if (is.type !== was.type) problems.push(`${id} was ${was.type} and is ${is.type}: it would be replaced`);
    if (was.retained && !is.retained) problems.push(`${id} (${was.type}) is no longer retained`);
    for (const name of new Set([...Object.keys(was.fixed), ...Object.keys(is.fixed)])) {
      const [old, now] = [JSON.stringify(was.fixed[name]), JSON.stringify(is.fixed[name])];
      if (old !== now) problems.push(`${id} (${was.type}) would be replaced: ${name} was ${old} and is ${now}`);
    }
  }
  const exported = new Set(after.exports);
  for (const name of before.exports) {
    if (!exported.has(name)) {
      problems.push(
        `the export ${name} is gone: keep it for one version with exportValue(), so that its importers go first`,
      );
    }
  }
  return problems;
}
