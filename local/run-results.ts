import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { prospectsSegmentId } from '../contracts/customer-rows.ts';
import type { SegmentCard } from '../contracts/segments.ts';
import type { ApiClient } from './api-client.ts';
import type { FileRun } from './file-run.ts';

const header = 'customerId,segmentId,segmentName,confidence';

/** Writes `report.json` and, where the run went live, `assignments.csv` and `segments.json`. Answers the paths. */
export async function writeResults(
  outDir: string,
  { api, run, reports }: Pick<FileRun, 'api' | 'run' | 'reports'>,
): Promise<string[]> {
  await mkdir(outDir, { recursive: true });
  const written: string[] = [];
  const write = async (name: string, content: string): Promise<void> => {
    const path = join(outDir, name);
    await writeFile(path, content);
    written.push(path);
  };
  if (run.status === 'LIVE') {
    const cards: SegmentCard[] = [];
    for (const { segmentId } of await api.segments()) cards.push(await api.segment(segmentId));
    await write('assignments.csv', await assignments(api, cards, run.prospects ?? 0));
    await write('segments.json', `${JSON.stringify(cards, null, 2)}\n`);
  }
  await write('report.json', `${JSON.stringify({ run, files: reports }, null, 2)}\n`);
  return written;
}

async function assignments(api: ApiClient, cards: readonly SegmentCard[], prospects: number): Promise<string> {
  const named: Pick<SegmentCard, 'segmentId' | 'name'>[] = [...cards];
  if (prospects > 0) named.push({ segmentId: prospectsSegmentId, name: 'Prospects: no interaction yet' });
  const rows: { customerId: string; cells: string[] }[] = [];
  for (const { segmentId, name } of named) {
    for await (const { customerId, confidence } of api.members(segmentId)) {
      rows.push({ customerId, cells: [customerId, segmentId, name, confidence === null ? '' : String(confidence)] });
    }
  }
  const { compare } = new Intl.Collator('en', { numeric: true });
  rows.sort((a, b) => compare(a.customerId, b.customerId) || (a.customerId < b.customerId ? -1 : 1));
  return [header, ...rows.map(({ cells }) => cells.map(csvCell).join(','))].map((row) => `${row}\n`).join('');
}

/** Quoted where RFC 4180 asks for it; a cell that a spreadsheet would run as a formula gets an apostrophe in front (CWE-1236). */
function csvCell(value: string): string {
  const isFormula = /^[=+\-@\t\r]/.test(value) && !/^-?\d+(\.\d+)?$/.test(value);
  const safe = isFormula ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
