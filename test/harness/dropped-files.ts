import { createHash } from 'node:crypto';
import { ingestFile } from '../../functions/triggers/ingest-file.ts';
import { createPseudonymizer } from '../../segmentation/privacy/pseudonyms.ts';
import type { EmbeddedStores } from './embedded-stores.ts';

const pseudonymize = createPseudonymizer(createHash('sha256').update('pseudonym key of the tests').digest());

export function pseudonymOf(customerId: string): string {
  return pseudonymize('customer', customerId);
}

/** Takes in what an event, or a run's list of missed files, names. */
export function takeIn(
  stores: EmbeddedStores,
  partitions: number,
  input: { readonly objectKey: string; readonly versionId?: string },
): ReturnType<typeof ingestFile> {
  const { objects, identities, nowMs } = stores;
  return ingestFile(
    { objectKey: input.objectKey, versionId: input.versionId },
    { objects, identities, pseudonymOf, partitions, nowMs },
  );
}

/** Drops a file into the inbox and takes it in, a second after whatever was before. */
export async function drop(
  stores: EmbeddedStores,
  partitions: number,
  name: string,
  body: string | Uint8Array,
): ReturnType<typeof ingestFile> {
  stores.advance(1000);
  const objectKey = `inbox/${name}`;
  await stores.objects.put(objectKey, body, 'text/csv');
  return takeIn(stores, partitions, { objectKey });
}
