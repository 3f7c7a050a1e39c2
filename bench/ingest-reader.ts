/** Reads one file in a process of its own and prints how that went: `ingest-reader.ts <kindred|csv-parse> <file>`. */
import { createReadStream } from 'node:fs';
import process from 'node:process';
import { parse } from 'csv-parse';
import { createPseudonymizer } from '../segmentation/privacy/pseudonyms.ts';
import { FileIngest } from '../segmentation/records/file-ingest.ts';
import { decompressed } from '../storage/gzip-stream.ts';
import type { ReaderName, Reading } from './reading.ts';

type RowCounts = Pick<Reading, 'read' | 'kept'>;

const readers: Readonly<Record<ReaderName, (path: string) => Promise<RowCounts>>> = {
  async kindred(path) {
    const pseudonymize = createPseudonymizer(new Uint8Array(32));
    const ingest = new FileIngest({
      fileName: path,
      pseudonymOf: (customerId) => pseudonymize('customer', customerId),
      receivedAtMs: Date.now(),
    });
    for await (const chunk of decompressed(createReadStream(path))) ingest.write(chunk);
    const { report } = ingest.finish();
    return { read: report.read, kept: report.accepted };
  },
  async 'csv-parse'(path) {
    const parser = parse({ from: 2 });
    let read = 0;
    parser.on('data', () => {
      read += 1;
    });
    const ended = new Promise((resolve, reject) => parser.once('end', resolve).once('error', reject));
    for await (const chunk of decompressed(createReadStream(path))) {
      if (!parser.write(chunk)) await new Promise((resolve) => parser.once('drain', resolve));
    }
    parser.end();
    await ended;
    return { read, kept: read };
  },
};

const [reader, path] = process.argv.slice(2) as [ReaderName, string];
const startedAtMs = performance.now();
const counts = await readers[reader](path);
const seconds = (performance.now() - startedAtMs) / 1000;
const peakMegabytes = process.resourceUsage().maxRSS / 1024;
process.stdout.write(JSON.stringify({ seconds, ...counts, peakMegabytes } satisfies Reading));
