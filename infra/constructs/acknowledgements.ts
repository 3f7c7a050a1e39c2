import { type CfnResource, Stack, Validations } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';

/** A rule pack of cdk-nag. */
type RulePack = 'AwsSolutions' | 'Serverless';

/** Notes on a construct why a rule of cdk-nag does not hold for it and for what stands inside it. */
export function acknowledge(
  construct: IConstruct,
  rule: string,
  reason: string,
  pack: RulePack = 'AwsSolutions',
): void {
  Validations.of(construct).acknowledge({ id: `${pack}-${rule}`, reason });
}

/** As `acknowledge`, for a resource pattern with a `*` in a role's policy; `pattern` is written as cdk-nag writes it. */
export function acknowledgePattern(construct: IConstruct, pattern: string, reason: string): void {
  acknowledge(construct, `IAM5[Resource::${pattern}]`, reason);
}

/**
 * How cdk-nag writes an attribute of a resource in the findings about a policy: `<LogicalId.Arn>` within the resource's own stack, the
 * name of the export in another.
 */
export function attributeInFindings(scope: IConstruct, resource: CfnResource, attribute: string): string {
  const owner = Stack.of(resource);
  if (owner === Stack.of(scope)) return `<${owner.resolve(resource.logicalId)}.${attribute}>`;
  const imported = owner.resolve(owner.exportValue(resource.getAtt(attribute)));
  return imported['Fn::ImportValue'];
}
