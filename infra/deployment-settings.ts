import { type Settings, settingsSchema } from '../contracts/settings.ts';

/** Log groups can be kept for these numbers of days only (CloudWatch Logs API, PutRetentionPolicy `retentionInDays`). */
const retentionDays = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** The deployment cannot be synthesized from the settings given. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly code = 'INVALID_SETTINGS';
  readonly retryable = false;
}

/**
 * Reads the settings out of CDK context (`cdk.json`, `-c name=value`). CDK's own names (`aws:…`, `@aws-cdk/…` and the like, which
 * all hold a colon) are left alone; any other name that is no setting is refused.
 *
 * @throws SettingsError naming every setting that is unknown, missing or out of range, and what is allowed.
 */
export function settingsFromContext(context: Readonly<Record<string, unknown>>): Settings {
  const given = Object.fromEntries(Object.entries(context).filter(([name]) => !name.includes(':')));
  return checkedSettings(given);
}

/** As `settingsFromContext`, for settings that come from elsewhere than CDK context. */
export function checkedSettings(given: Readonly<Record<string, unknown>>): Settings {
  const allowed = Object.keys(settingsSchema.shape);
  const parsed = settingsSchema.safeParse(given);
  const problems = parsed.success ? [] : parsed.error.issues.flatMap((issue) => describe(issue, given));
  const days = parsed.data?.logRetentionDays;
  if (days !== undefined && !retentionDays.includes(days)) {
    problems.push(`logRetentionDays: got ${days}, allowed are ${retentionDays.join(', ')}`);
  }
  if (parsed.data?.modelHosting === 'lambda' && parsed.data.modelInstanceType !== '') {
    problems.push(
      'modelInstanceType: has no meaning with modelHosting lambda; leave it out, or set modelHosting to auto',
    );
  }
  if (parsed.success && problems.length === 0) return parsed.data;
  throw new SettingsError(
    `Kindred cannot be synthesized from these settings:\n${problems.map((problem) => `  - ${problem}`).join('\n')}\n` +
      `Allowed settings: ${allowed.join(', ')}.\nSet them under "context" in cdk.json or with -c name=value.`,
  );
}

type Issue = NonNullable<ReturnType<typeof settingsSchema.safeParse>['error']>['issues'][number];

function describe(issue: Issue, given: Readonly<Record<string, unknown>>): string[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((name) => `${name}: there is no such setting`);
  const name = String(issue.path[0]);
  if (given[name] === undefined) return [`${name}: missing; ${issue.message}`];
  return [`${name}: got ${JSON.stringify(given[name])}; ${issue.message}`];
}
