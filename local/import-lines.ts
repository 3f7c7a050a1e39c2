import type { ImportReport } from '../contracts/imports.ts';

/** A file's report in a few lines: what was read, what not and why. */
export function importLines(report: ImportReport): string[] {
  const { file, status, rows, problem, kind, rejectedSamples } = report;
  const name = file.replace(/^inbox\//, '');
  if (status === 'rejected') return [`✗ ${name}: ${problem?.code}: ${problem?.message}`];
  const lines = [
    `✓ ${name} (${kind}): ${rows.read.toLocaleString('en')} rows read, ${rows.accepted.toLocaleString('en')} accepted, ` +
      `${rows.rejected.toLocaleString('en')} rejected, ${rows.duplicates.toLocaleString('en')} duplicates`,
  ];
  for (const note of report.notes) lines.push(`    ${note}`);
  for (const [code, count] of Object.entries(rows.rejectedByReason)) {
    const example = rejectedSamples.find((sample) => sample.code === code);
    lines.push(
      `    ${code} ${count.toLocaleString('en')}${example ? `, e.g. line ${example.line}: ${example.message}` : ''}`,
    );
  }
  return lines;
}
