import { Access, type Call } from '../../local/iam/access.ts';
import type { AccountPolicies } from '../../local/iam/account-policies.ts';
import type { PolicyStatement } from '../../local/iam/policy-document.ts';

/** The smallest thing that can be taken out of a template's policies: one action on one resource under one value of a condition. */
export interface Grant {
  /** ARN of the role that has it, or of the resource whose own policy gives it. */
  readonly holder: string;
  readonly from: 'roles' | 'resources';
  readonly action: string;
  readonly resource: string;
  /** Set where the statement lists several values of a condition key: the one that goes. */
  readonly value?: string;
  /** ARN of the rule, topic or route in whose name alone a service has it. */
  readonly source?: string;
  /** Index of the statement in the holder's. */
  readonly statement: number;
}

/** Every grant of every policy; statements that deny give nothing. */
export function grantsOf(policies: AccountPolicies): Grant[] {
  const statementsOf = { roles: mapValues(policies.roles, (role) => role.statements), resources: policies.resources };
  return (['roles', 'resources'] as const).flatMap((from) =>
    Object.entries(statementsOf[from]).flatMap(([holder, statements]) =>
      statements.flatMap((one, statement) =>
        one.Effect === 'Deny' ? [] : partsOf(one).map((part) => ({ holder, from, statement, ...part })),
      ),
    ),
  );
}

function partsOf(statement: PolicyStatement): Omit<Grant, 'holder' | 'from' | 'statement'>[] {
  const values = valuesOf(statement);
  const { ArnLike = {}, ArnEquals = {} } = statement.Condition ?? {};
  const source = { ...ArnLike, ...ArnEquals }['aws:SourceArn'];
  const named = source === undefined ? {} : { source: String(source) };
  return statement.Action.flatMap((action) =>
    (statement.Resource ?? ['*']).flatMap((resource) =>
      values.length > 0
        ? values.map((value) => ({ action, resource, value, ...named }))
        : [{ action, resource, ...named }],
    ),
  );
}

/** Of the condition key that lists several, where there is one. */
function valuesOf({ Condition = {} }: PolicyStatement): string[] {
  const lists = Object.values(Condition).flatMap((keys) => Object.values(keys).map((values) => [values].flat()));
  return lists.find((values) => values.length > 1) ?? [];
}

/** The policies with everything but that grant. */
export function without(policies: AccountPolicies, grant: Grant): AccountPolicies {
  const { holder, from, statement } = grant;
  const cut = (statements: readonly PolicyStatement[]) =>
    statements.flatMap((one, index) => (index === statement ? remainderOf(one, grant) : [one]));
  if (from === 'resources') {
    return { ...policies, resources: { ...policies.resources, [holder]: cut(policies.resources[holder]!) } };
  }
  const role = policies.roles[holder]!;
  return { ...policies, roles: { ...policies.roles, [holder]: { ...role, statements: cut(role.statements) } } };
}

/** A statement split so that one action, on one resource, under one value, is missing from it. */
function remainderOf(statement: PolicyStatement, { action, resource, value }: Grant): PolicyStatement[] {
  const resources = statement.Resource ?? ['*'];
  const remainder: PolicyStatement[] = [
    { ...statement, Action: statement.Action.filter((one) => one !== action) },
    { ...statement, Action: [action], Resource: resources.filter((one) => one !== resource) },
  ].filter(({ Action, Resource }) => Action.length > 0 && Resource?.length !== 0);
  if (value === undefined) return remainder;
  const Condition = mapValues(statement.Condition!, (keys) =>
    mapValues(keys, (values) => [values].flat().filter((one) => one !== value)),
  );
  return [...remainder, { ...statement, Action: [action], Resource: [resource], Condition }];
}

/** The grants without which each of these calls would still be allowed. */
export function unneededGrants(policies: AccountPolicies, calls: Iterable<Call>): Grant[] {
  const owner = 'nobody';
  const whole = new Access(policies, { owner });
  const allowed = [...calls].filter((call) => whole.refusalOf(call) === undefined);
  return grantsOf(policies).filter((grant) => {
    const access = new Access(without(policies, grant), { owner });
    const { holder, from } = grant;
    return allowed.every(
      (call) => (from === 'roles' && call.principal !== holder) || access.refusalOf(call) === undefined,
    );
  });
}

function mapValues<T, U>(object: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)]));
}
