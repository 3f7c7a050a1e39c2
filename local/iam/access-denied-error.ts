import type { PolicyStatement } from './policy-document.ts';

/** Why a call was refused, in the words of IAM User Guide, "Troubleshoot access denied error messages". */
export type Refusal =
  | 'no identity-based policy'
  | 'no resource-based policy'
  | 'identity-based policy'
  | 'resource-based policy';

export interface DeniedCall {
  /** `arn:aws:sts::…:assumed-role/role/session`, or a service: `events.amazonaws.com`. */
  readonly caller: string;
  readonly action: string;
  readonly resource: string;
}

/** A call that the policies do not allow. The message is AWS's own, with the statement behind that a policy lacks. */
export class AccessDeniedError extends Error {
  override readonly name = 'AccessDeniedError';
  readonly code = 'AccessDeniedException';
  readonly retryable = false;
  readonly call: DeniedCall;

  constructor(call: DeniedCall, refusal: Refusal) {
    const { caller, action, resource } = call;
    const who = caller.startsWith('arn:') ? `User: ${caller}` : `Service: ${caller}`;
    // S3 alone writes the resource in quotes.
    const what = `perform: ${action} on resource: ${action.startsWith('s3:') ? `"${resource}"` : resource}`;
    const why = refusal.startsWith('no ')
      ? `because ${refusal} allows the ${action} action. Missing statement: ${JSON.stringify(missing(call, refusal))}`
      : `with an explicit deny in a${refusal.startsWith('i') ? 'n' : ''} ${refusal}`;
    super(`${who} is not authorized to ${what} ${why}`);
    this.call = call;
  }
}

function missing(
  { caller, action, resource }: DeniedCall,
  refusal: Refusal,
): Partial<Record<keyof PolicyStatement, unknown>> {
  const principal =
    refusal === 'no resource-based policy' && !caller.startsWith('arn:') ? { Service: caller } : undefined;
  return { Effect: 'Allow', ...(principal && { Principal: principal }), Action: action, Resource: resource };
}
