/**
 * The patterns of IAM policies: `*` stands for any characters, `?` for one.
 * Source: IAM User Guide, "IAM JSON policy elements: Resource" and "IAM JSON policy elements: Condition operators".
 */

/** Matches a whole text. Case counts unless told otherwise. */
export function textPattern(pattern: string, caseCounts = true): (text: string) => boolean {
  if (pattern === '*') return () => true;
  if (!/[*?]/.test(pattern)) {
    if (caseCounts) return (text) => text === pattern;
    const lower = pattern.toLowerCase();
    return (text) => text.toLowerCase() === lower;
  }
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const expression = new RegExp(`^${source}$`, caseCounts ? 's' : 'is');
  return (text) => expression.test(text);
}

const ARN_PARTS = 6;

/** Matches an ARN part by part: a wildcard reaches no further than the part that it stands in, the last part being all after the fifth colon. */
export function arnPattern(pattern: string): (arn: string) => boolean {
  if (pattern === '*') return () => true;
  if (!/[*?]/.test(pattern)) return (arn) => arn === pattern;
  const parts = partsOf(pattern).map((part) => textPattern(part));
  return (arn) => {
    const given = partsOf(arn);
    return given.length === parts.length && parts.every((matches, i) => matches(given[i]!));
  };
}

/** Partition, service, region, account and resource: five colons, and all that follows the last of them. */
function partsOf(arn: string): string[] {
  const parts = arn.split(':');
  return [...parts.slice(0, ARN_PARTS - 1), parts.slice(ARN_PARTS - 1).join(':')];
}
