import { AccessDeniedError, type Refusal } from './access-denied-error.ts';
import type { AccountPolicies } from './account-policies.ts';
import type { RequestContext } from './conditions.ts';
import { type StatementMatcher, statementMatcher } from './statement-matcher.ts';

/** One thing that somebody wants to do. */
export interface Call {
  /** ARN of a role, or the name of a service, such as `events.amazonaws.com`. */
  readonly principal: string;
  /** `s3:GetObject` */
  readonly action: string;
  /** An ARN; `*` for an action that takes no resource. */
  readonly resource: string;
  /** Condition keys of the request: `s3:prefix`, `aws:SourceArn`. */
  readonly context?: Readonly<Record<string, string>>;
}

export interface Request extends Call {
  /** What the service does with the key that encrypts the resource, in the caller's name: `kms:Decrypt`, … */
  readonly keyActions?: readonly string[];
}

export interface AccessOptions {
  /** May do everything, and is never asked about: whoever started the cloud. */
  readonly owner: string;
  /** Told of every call that is checked, before it is. */
  readonly onCall?: (call: Call) => void;
  /** Told of every refusal: a caller may well hide it. */
  readonly onDenied?: (error: AccessDeniedError) => void;
}

/** The statements that can decide a call, found once for each caller, action and policy holder. */
interface Candidates {
  readonly identity: readonly StatementMatcher[];
  /** Of the resource's policy, those that name the caller. */
  readonly direct: readonly StatementMatcher[];
  /** Of the resource's policy, those that name the account. */
  readonly delegating: readonly StatementMatcher[];
}

/**
 * Decides calls within one account by the policies of the template.
 * Source: IAM User Guide, "Policy evaluation logic" and "How AWS enforcement code logic evaluates requests": an explicit deny in any policy
 * counts first; then a policy of the role or one of the resource must allow. KMS Developer Guide, "Determining access to AWS KMS keys": a key
 * is used by nobody whom its own policy does not name, or leave to the account.
 */
export class Access {
  readonly #policies: AccountPolicies;
  readonly #options: AccessOptions;
  readonly #candidates = new Map<string, Candidates>();

  constructor(policies: AccountPolicies, options: AccessOptions) {
    this.#policies = policies;
    this.#options = options;
  }

  /** @throws AccessDeniedError */
  require({ keyActions = [], ...call }: Request): void {
    if (call.principal === this.#options.owner) return;
    this.#requireOne(call);
    const keyArn = keyActions.length === 0 ? undefined : this.#policies.keyOf[holderOf(call.resource)];
    if (keyArn === undefined) return;
    const context = { 'kms:ViaService': `${call.action.split(':')[0]}.${this.#policies.region}.amazonaws.com` };
    for (const action of keyActions) this.#requireOne({ principal: call.principal, action, resource: keyArn, context });
  }

  /** Why the call is refused; undefined when it is allowed. */
  refusalOf({ principal, action, resource, context = {} }: Call): Refusal | undefined {
    const { identity, direct, delegating } = this.#candidatesFor(principal, action, holderOf(resource));
    const request = this.#contextOf(principal, context);
    const any = (statements: readonly StatementMatcher[], effect: StatementMatcher['effect']) =>
      statements.some((statement) => statement.effect === effect && statement.coversRequest(resource, request));
    if (any(identity, 'Deny')) return 'identity-based policy';
    if (any(direct, 'Deny') || any(delegating, 'Deny')) return 'resource-based policy';
    if (any(direct, 'Allow')) return undefined;
    if (!principal.startsWith('arn:')) return 'no resource-based policy';
    if (action.startsWith('kms:') && !any(delegating, 'Allow')) return 'no resource-based policy';
    return any(identity, 'Allow') ? undefined : 'no identity-based policy';
  }

  #requireOne(call: Call): void {
    this.#options.onCall?.(call);
    const refusal = this.refusalOf(call);
    if (refusal === undefined) return;
    const role = this.#policies.roles[call.principal];
    const { accountId } = this.#policies;
    const caller = role ? `arn:aws:sts::${accountId}:assumed-role/${role.name}/${role.session}` : call.principal;
    const error = new AccessDeniedError({ caller, action: call.action, resource: call.resource }, refusal);
    this.#options.onDenied?.(error);
    throw error;
  }

  #candidatesFor(principal: string, action: string, holder: string): Candidates {
    const cacheKey = `${principal} ${action} ${holder}`;
    const known = this.#candidates.get(cacheKey);
    if (known !== undefined) return known;
    const { roles, resources, accountId } = this.#policies;
    const matchers = (statements: AccountPolicies['resources'][string] = []) =>
      statements.map((one) => statementMatcher(one, accountId)).filter((one) => one.coversAction(action));
    const ofResource = matchers(resources[holder]);
    const candidates = {
      identity: matchers(roles[principal]?.statements),
      direct: ofResource.filter((statement) => statement.namesPrincipal(principal)),
      delegating: ofResource.filter((statement) => statement.namesAccount),
    };
    this.#candidates.set(cacheKey, candidates);
    return candidates;
  }

  #contextOf(principal: string, context: Readonly<Record<string, string>>): RequestContext {
    const { accountId } = this.#policies;
    const keys = new Map([
      // The loopback's plain HTTP stands for the HTTPS of the real endpoints.
      ['aws:securetransport', 'true'],
      ['aws:sourceaccount', accountId],
    ]);
    if (principal.startsWith('arn:')) keys.set('aws:principalarn', principal).set('aws:principalaccount', accountId);
    for (const [key, value] of Object.entries(context)) keys.set(key.toLowerCase(), value);
    return keys;
  }
}

/** What carries the policy and the key of a resource: an object's bucket, an index's table; else the resource itself. */
export function holderOf(resource: string): string {
  if (resource.startsWith('arn:aws:s3:::')) return resource.split('/', 1)[0]!;
  return resource.replace(/^(arn:aws:dynamodb:[^/]*\/[^/]+)\/.*$/, '$1');
}
