import { conditionMatcher, type RequestContext } from './conditions.ts';
import { arnPattern, textPattern } from './patterns.ts';
import type { PolicyStatement } from './policy-document.ts';

/** A statement made ready to be asked often. */
export interface StatementMatcher {
  readonly effect: PolicyStatement['Effect'];
  /** `s3:GetObject`; the case does not count. */
  coversAction(action: string): boolean;
  /** Whether resource and conditions fit. A trust policy has no resource: its statements are about their role. */
  coversRequest(resource: string, context: RequestContext): boolean;
  /** Whether a resource's policy names this caller itself, or everybody. */
  namesPrincipal(principal: string): boolean;
  /** Whether a resource's policy names the account, which leaves the decision to the policies of the account's roles. */
  readonly namesAccount: boolean;
}

export function statementMatcher(statement: PolicyStatement, accountId: string): StatementMatcher {
  const actions = statement.Action.map((pattern) => textPattern(pattern, false));
  const resources = (statement.Resource ?? ['*']).map(arnPattern);
  const meetsConditions = conditionMatcher(statement.Condition ?? {});
  const named = new Set(Object.values(statement.Principal ?? {}).flat());
  return {
    effect: statement.Effect,
    coversAction: (action) => actions.some((matches) => matches(action)),
    coversRequest: (resource, context) => resources.some((matches) => matches(resource)) && meetsConditions(context),
    namesPrincipal: (principal) => named.has('*') || named.has(principal),
    namesAccount: named.has(accountId) || named.has(`arn:aws:iam::${accountId}:root`),
  };
}
