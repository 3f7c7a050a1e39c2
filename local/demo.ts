/** `npm run demo`: the sample shop's three files through the whole system, ending in a look-up. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { runFiles } from './file-run.ts';
import { laptopSettings } from './laptop-settings.ts';
import { percent, segmentTable } from './segment-table.ts';
import { drawStages, type StageDrawing } from './stage-drawing.ts';

const files = ['customers', 'products', 'sales'].map((name) =>
  join(import.meta.dirname, '..', 'examples', 'foodmart', `${name}.csv.gz`),
);
const quietSeconds = 1;
const { stdout } = process;
const line = (text = '') => stdout.write(`${text}\n`);

const dataDir = await mkdtemp(join(tmpdir(), 'kindred-demo-'));
try {
  line('Kindred demo: a sample shop, from three files to a customer look-up.');
  line();
  line('1. Synthesize the CDK app and start the embedded cloud from its template …');
  const startedAtMs = performance.now();
  let drawing: StageDrawing | undefined;
  const { cloud, api, run, reports, tookMs } = await runFiles({
    files,
    dataDir,
    settings: { ...laptopSettings, quietSeconds },
    seed: 1,
    log: (text) => process.stderr.write(`${text}\n`),
    onCloudUp: ({ endpoints }) => {
      line(
        `   up in ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s: API ${endpoints.api}, S3 ${endpoints.s3}`,
      );
      line();
      line(`2. Put customers, products and sales into s3://${endpoints.bucket}/inbox/ and watch the run …`);
    },
    onStages: (stages) => {
      drawing = drawStages(stages, stdout, () => performance.now());
      return (stage) => drawing?.changed(stage);
    },
  });
  drawing?.end();
  try {
    line();
    for (const { file, rows } of reports) {
      line(
        `   ${file.padEnd(26)} ${rows.read.toLocaleString('en').padStart(8)} rows read, ` +
          `${rows.accepted.toLocaleString('en')} accepted, ${rows.rejected} rejected, ${rows.duplicates} duplicates`,
      );
    }
    if (run.status !== 'LIVE') throw new Error(`the run ended ${run.status}: ${run.reason ?? ''}`);
    const { clustering, evaluation } = run;
    line(
      `   ${run.customers?.toLocaleString('en')} buyers segmented, ${run.prospects?.toLocaleString('en')} prospects ` +
        `(no purchase yet); live ${(tookMs / 1000).toFixed(1)} s after the PUT, ${quietSeconds} s of it the quiet wait`,
    );
    line();
    line(
      `3. Segments (k = ${clustering?.k}, ${clustering?.chosenBy === 'auto' ? 'chosen from the data' : 'as asked'}):`,
    );
    const segments = await api.segments();
    line(segmentTable(segments, stdout.columns ?? 110));
    if (evaluation) {
      line(
        `   classifier on ${evaluation.heldOutCustomers.toLocaleString('en')} held-out customers: accuracy ${percent(evaluation.accuracy)}, ` +
          `macro-F1 ${evaluation.macroF1.toFixed(3)}, majority baseline ${percent(evaluation.majorityBaseline)}`,
      );
    }
    line();
    const best = segments.toSorted((a, b) => b.revenue / b.customers - a.revenue / a.customers)[0];
    const member = best ? (await api.members(best.segmentId).next()).value : undefined;
    if (!member) throw new Error('the live run has no members to look up');
    line(`4. GET /customers/${member.customerId}/segment`);
    line(JSON.stringify(await api.customerSegment(member.customerId), null, 2));
    line();
    line('Where to go next:');
    line('   npm start                      keep the cloud running; drop files with any AWS client (README, "Use")');
    line('   npm run segment -- FILE…       your own exports: assignments.csv, segments.json, report.json');
    line('   README.md, "Deploy"            the same template in your AWS account');
  } finally {
    await cloud.close();
  }
} finally {
  await rm(dataDir, { recursive: true, force: true });
}
