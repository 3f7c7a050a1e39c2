import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { type Comparison, note } from './comparison.ts';
import { motoCredentials, motoRegion, startMoto } from './moto.ts';
import { peerVersions } from './python-peer.ts';
import { withTemporaryFolder } from './temporary-folder.ts';

/** The stand-ins' conformance suites, and where they look for a service that is not the embedded one. */
const suites = [
  { service: 'S3', file: 'local/s3/conformance.test.ts', endpoint: 'AWS_ENDPOINT_URL_S3' },
  { service: 'DynamoDB', file: 'local/dynamodb/conformance.test.ts', endpoint: 'AWS_ENDPOINT_URL_DYNAMODB' },
] as const;

const buckets = { KINDRED_S3_BUCKET: 'plain-bucket', KINDRED_S3_VERSIONED_BUCKET: 'versioned-bucket' };

/**
 * The same tests of the documented behaviour asked of the embedded services and of moto, an independent stand-in. What moto answers
 * otherwise is printed: one of the two, or the test, is wrong about AWS.
 */
export async function benchSecondOpinion(): Promise<readonly Comparison[]> {
  const peer = await peerVersions(['moto']);
  const moto = await startMoto();
  try {
    await createBuckets(moto.url);
    return await withTemporaryFolder(async (folder) => {
      const comparisons: Comparison[] = [];
      for (const { service, file, endpoint } of suites) {
        const ours = await runSuite(file, join(folder, 'ours.json'), {});
        const theirs = await runSuite(file, join(folder, 'theirs.json'), {
          ...buckets,
          REMOTE: '1',
          [endpoint]: moto.url,
          AWS_REGION: motoRegion,
          AWS_ACCESS_KEY_ID: motoCredentials.accessKeyId,
          AWS_SECRET_ACCESS_KEY: motoCredentials.secretAccessKey,
        });
        const asked = new Set(theirs.filter(({ status }) => status !== 'skipped').map(({ fullName }) => fullName));
        for (const { fullName, failureMessages } of theirs.filter(({ status }) => status === 'failed')) {
          note(`${service}: ${fullName}\n    moto: ${firstLine(failureMessages)}`);
        }
        comparisons.push({
          bench: 'second-opinion',
          work: `${asked.size} tests of the documented behaviour of ${service}`,
          peer,
          ours: passed(ours.filter(({ fullName }) => asked.has(fullName))),
          theirs: passed(theirs),
          unit: 'passed',
        });
      }
      return comparisons;
    });
  } finally {
    moto.stop();
  }
}

type TestResult = z.infer<typeof reportSchema>['testResults'][number]['assertionResults'][number];

const reportSchema = z.object({
  testResults: z.array(
    z.object({
      assertionResults: z.array(
        z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()).nullish() }),
      ),
    }),
  ),
});

function passed(results: readonly TestResult[]): number {
  return results.filter(({ status }) => status === 'passed').length;
}

function firstLine(messages: readonly string[] | null | undefined): string {
  return messages?.[0]?.split('\n')[0] ?? 'no message';
}

async function runSuite(
  file: string,
  reportFile: string,
  environment: Readonly<Record<string, string>>,
): Promise<readonly TestResult[]> {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const args = ['run', '--project', 'unit', file, '--reporter=json', `--outputFile=${reportFile}`];
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const ended = Promise.withResolvers<void>();
  // A test that fails is an answer here, so the exit code is not looked at; a run that tested nothing leaves no report.
  execFile(process.execPath, [vitest, ...args], { cwd: root, env: { ...process.env, ...environment } }, () =>
    ended.resolve(),
  );
  await ended.promise;
  const report = reportSchema.parse(JSON.parse(await readFile(reportFile, 'utf8')));
  return report.testResults.flatMap(({ assertionResults }) => assertionResults);
}

async function createBuckets(endpoint: string): Promise<void> {
  const client = new S3Client({
    endpoint,
    region: motoRegion,
    credentials: motoCredentials,
    forcePathStyle: true,
  });
  for (const Bucket of Object.values(buckets)) await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(
    new PutBucketVersioningCommand({
      Bucket: buckets.KINDRED_S3_VERSIONED_BUCKET,
      VersioningConfiguration: { Status: 'Enabled' },
    }),
  );
  client.destroy();
}
