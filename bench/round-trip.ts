import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { type Cloud, startCloud } from '../local/cloud.ts';
import { laptopSettings } from '../local/laptop-settings.ts';
import type { BenchRequest } from './bench-request.ts';
import { alternate, type Comparison, median, note, requireAgreement, rounded } from './comparison.ts';
import { motoCredentials, motoRegion, startMoto } from './moto.ts';
import { peerVersions, runPeer } from './python-peer.ts';
import { shopFiles } from './shop-files.ts';
import { withTemporaryFolder } from './temporary-folder.ts';

const motoBucket = 'round-trip';
/** No run starts by itself: the one that counts is started by the client. */
const settings = { ...laptopSettings, quietSeconds: 3600 };

const objectAnswer = z.object({
  seconds: z.record(z.string(), z.number()),
  etag: z.string(),
  sameBytes: z.literal(true),
  pages: z.array(z.int()),
  sameKeys: z.literal(true),
});
type ObjectRoundTrip = z.infer<typeof objectAnswer>;

const shopAnswer = z.object({
  seconds: z.record(z.string(), z.number()),
  runStatus: z.literal('SUCCEEDED'),
  segments: z.int().min(2),
  counted: z.int(),
  listed: z.int(),
  isListed: z.literal(true),
});

/**
 * A client of another language, boto3: objects up, down and listed, beside moto; then files dropped, a run started with the Step
 * Functions client, and look-ups. Both stand-ins must give the same ETag and pages, and the listed members be as many as counted.
 */
export async function benchRoundTrip({ files, rounds }: BenchRequest): Promise<readonly Comparison[]> {
  const peer = await peerVersions(['moto', 'boto3']);
  const shop = await shopFiles(files);
  const moto = await startMoto();
  try {
    await createMotoBucket(moto.url);
    return await withTemporaryFolder(async (folder) => {
      const cloud = await startCloud({ dataDir: join(folder, 'cloud'), port: 0, settings, seed: 1, log: () => {} });
      try {
        await cloud.warm;
        const { s3, region, accessKeyId, secretAccessKey, bucket } = cloud.endpoints;
        const { ours, theirs } = await alternate(
          rounds,
          () => objectRoundTrip(folder, [s3, region, accessKeyId, secretAccessKey, bucket]),
          () =>
            objectRoundTrip(folder, [
              moto.url,
              motoRegion,
              motoCredentials.accessKeyId,
              motoCredentials.secretAccessKey,
              motoBucket,
            ]),
        );
        const [here, there] = [ours[0]!, theirs[0]!];
        requireAgreement(here.etag === there.etag, `the object's ETag is ${here.etag} here and ${there.etag} in moto.`);
        requireAgreement(
          String(here.pages) === String(there.pages),
          `pages of ${here.pages} here, ${there.pages} in moto.`,
        );
        await shopRoundTrip(folder, cloud, shop.aCustomerId, shop.paths);
        return Object.keys(here.seconds).map(
          (stage): Comparison => ({
            bench: 'round-trip',
            work: stage === 'large object' ? '200 MiB up in parts and down, by boto3' : `5,000 keys by boto3: ${stage}`,
            peer,
            ours: median(ours.map(({ seconds }) => seconds[stage]!)),
            theirs: median(theirs.map(({ seconds }) => seconds[stage]!)),
            unit: 's',
          }),
        );
      } finally {
        await cloud.close();
      }
    });
  } finally {
    moto.stop();
  }
}

async function objectRoundTrip(folder: string, args: readonly string[]): Promise<ObjectRoundTrip> {
  return (await runPeer('object_round_trip.py', [...args, folder], objectAnswer)).answer;
}

async function shopRoundTrip(
  folder: string,
  cloud: Cloud,
  customerId: string,
  paths: readonly string[],
): Promise<void> {
  const endpoints = join(folder, 'endpoints.json');
  await writeFile(endpoints, JSON.stringify(cloud.endpoints), { mode: 0o600 });
  const { answer } = await runPeer('shop_round_trip.py', [endpoints, customerId, ...paths], shopAnswer);
  const { seconds, segments, counted, listed } = answer;
  requireAgreement(counted === listed, `the card counts ${counted} members, ${listed} can be listed.`);
  note(
    `a run started with boto3's Step Functions client: ${rounded(seconds['run']!)} s from the first upload; ${segments} segments; ` +
      `${listed} members listed in ${rounded(seconds['look up']!)} s, as many as the card counts`,
  );
}

async function createMotoBucket(endpoint: string): Promise<void> {
  const client = new S3Client({ endpoint, region: motoRegion, credentials: motoCredentials, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: motoBucket }));
  client.destroy();
}
