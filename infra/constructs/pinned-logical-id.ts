import type { CfnResource } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';

/**
 * Gives the resource behind a construct a logical id that does not follow from its place in the tree of constructs: CloudFormation knows a
 * resource by that id, and would make a new, empty one if the code were moved.
 */
export function pinLogicalId(construct: IConstruct, logicalId: string): void {
  (construct.node.defaultChild as CfnResource).overrideLogicalId(logicalId);
}
