import { loadavg } from 'node:os';
import process from 'node:process';
import Table from 'cli-table3';

/** What is measured: more is better in `rows/s` and `passed` (tests), less in all others. */
export type Unit = 's' | 's/iteration' | 'ms' | 'rows/s' | 'KB' | 'MB' | 'passed';

/** The same work done by Kindred and by a peer. */
export interface Comparison {
  readonly bench: string;
  /** What was done, with its size: `269,720 sales`. */
  readonly work: string;
  /** Program and version. */
  readonly peer: string;
  readonly ours: number;
  readonly theirs: number;
  readonly unit: Unit;
}

/** What is measured of Kindred alone: figures by name, with their units in the names. */
export interface Measurement {
  readonly bench: string;
  readonly work: string;
  readonly [figure: string]: string | number;
}

/** The two sides gave different answers where the same was asked: their times say nothing. */
export class DisagreementError extends Error {
  override readonly name = 'DisagreementError';
  readonly code = 'SIDES_DISAGREE';
  readonly retryable = false;
}

export function requireAgreement(agree: boolean, message: string): void {
  if (!agree) throw new DisagreementError(message);
}

/** How many times the peer's figure is worse than ours; above 1 where ours is better. */
export function ratioOf({ ours, theirs, unit }: Comparison): number {
  return unit === 'rows/s' || unit === 'passed' ? ours / theirs : theirs / ours;
}

/** One JSON line on stdout. */
export function printComparison(comparison: Comparison): void {
  const { ours, theirs } = comparison;
  const line = { ...comparison, ours: rounded(ours), theirs: rounded(theirs), ratio: rounded(ratioOf(comparison)) };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** One JSON line on stdout. */
export function printMeasurement(measurement: Measurement): void {
  process.stdout.write(`${JSON.stringify(measurement)}\n`);
}

/** Four significant digits. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/** Does `ours` and `theirs` in turn, `rounds` times each; who begins changes with each round. */
export async function alternate<Ours, Theirs>(
  rounds: number,
  ours: () => Ours | Promise<Ours>,
  theirs: () => Theirs | Promise<Theirs>,
): Promise<{ readonly ours: readonly Ours[]; readonly theirs: readonly Theirs[] }> {
  const results: { ours: Ours[]; theirs: Theirs[] } = { ours: [], theirs: [] };
  for (let round = 0; round < rounds; round += 1) {
    note(`round ${round + 1} of ${rounds}, load average ${loadavg()[0]!.toFixed(2)}`);
    if (round % 2 === 0) results.ours.push(await ours());
    results.theirs.push(await theirs());
    if (round % 2 === 1) results.ours.push(await ours());
  }
  return results;
}

/** The middle value; of an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const half = (sorted.length - 1) / 2;
  return (sorted[Math.floor(half)]! + sorted[Math.ceil(half)]!) / 2;
}

/** `median (lowest to highest)` */
export function spread(values: readonly number[]): string {
  return `${rounded(median(values))} (${rounded(Math.min(...values))} to ${rounded(Math.max(...values))})`;
}

/** A line for the person who watches. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** A table for the person who watches. */
export function printTable(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const table = new Table({ head: [...head], style: { head: [], border: [] } });
  table.push(...rows.map((row) => [...row]));
  note(table.toString());
}
