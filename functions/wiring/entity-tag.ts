/**
 * The entity tag of what a run answers: weak, since a newer version of Kindred may write the same in other bytes (RFC 9110, section 8.8.1).
 */
export function entityTagOf(runId: string): string {
  return `W/"${runId}"`;
}

/** Whether the caller has it already: `If-None-Match`, compared weakly (RFC 9110, sections 8.8.3.2 and 13.1.2). */
export function matches(ifNoneMatch: string, entityTag: string): boolean {
  const opaque = (tag: string) => tag.trim().replace(/^W\//, '');
  return ifNoneMatch.split(',').some((tag) => tag.trim() === '*' || opaque(tag) === opaque(entityTag));
}
