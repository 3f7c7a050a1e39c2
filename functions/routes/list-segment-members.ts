import * as z from 'zod';
import { listMembersAnswer, membersParameters } from '../../contracts/api.ts';
import { type MemberIndex, type MemberPart, memberIndexSchema, memberPartSchema } from '../../contracts/members.ts';
import type { LivePointer } from '../../contracts/registry.ts';
import { IdentitiesTable } from '../../storage/identities-table.ts';
import { runKeys } from '../../storage/keys.ts';
import { ObjectStore } from '../../storage/object-store.ts';
import { RegistryTable } from '../../storage/registry-table.ts';
import { TableClient } from '../../storage/table-client.ts';
import { ApiProblem } from '../wiring/api-problem.ts';
import { liveRunReader } from '../wiring/live-run.ts';
import { decodeCursor, encodeCursor } from '../wiring/page-cursor.ts';
import { routeFunction } from '../wiring/route-function.ts';

/**
 * A segment's members, page by page, under the shop's own ids. A cursor names its run: pages that follow it are of that run even
 * if another goes live meanwhile, so a listing never skips or repeats anybody.
 */

interface Deps {
  readonly objects: ObjectStore;
  readonly identities: IdentitiesTable;
  readonly liveRun: () => Promise<LivePointer>;
}

const cursorSchema = z.strictObject({ runId: z.string().regex(/^run-\d+$/), offset: z.int().nonnegative() });

export async function listSegmentMembers(
  { segmentId, limit, cursor }: z.infer<typeof membersParameters>,
  { objects, identities, liveRun }: Deps,
): Promise<z.infer<typeof listMembersAnswer>> {
  const { runId, offset } = cursor ? decodeCursor(cursor, cursorSchema) : { runId: (await liveRun()).runId, offset: 0 };
  const keys = runKeys(runId);
  const index = await objects.findJson(keys.members(segmentId), (value) => memberIndexSchema.parse(value));
  if (!index) {
    throw new ApiProblem(
      404,
      'Unknown segment',
      `${runId} has no segment of this id; GET /segments lists those it has.`,
    );
  }
  const members = await readMembers(index, offset, limit, (partition) =>
    objects.getJson(keys.memberPart(segmentId, partition), (value) => memberPartSchema.parse(value)),
  );
  const customerIds = await identities.customerIdsOf(members.map(([customer]) => customer));
  const nextOffset = offset + members.length;
  const hasMore = nextOffset < index.customers;
  return {
    runId,
    modelVersion: index.modelVersion,
    featuresAsOf: index.asOf,
    segmentId,
    customers: index.customers,
    data: members.map(([customer, confidence]) => ({ customerId: customerIds.get(customer) ?? customer, confidence })),
    cursor: { next: hasMore ? encodeCursor({ runId, offset: nextOffset }) : null, has_more: hasMore, limit },
  };
}

async function readMembers(
  index: MemberIndex,
  offset: number,
  limit: number,
  readPart: (partition: number) => Promise<MemberPart>,
): Promise<MemberPart> {
  const members: MemberPart = [];
  let first = 0;
  for (const [partition, count] of index.partitions.entries()) {
    const from = Math.max(0, offset - first);
    if (from < count && members.length < limit) {
      const part = await readPart(partition);
      members.push(...part.slice(from, from + limit - members.length));
    }
    first += count;
  }
  return members;
}

export const handler = routeFunction({
  name: 'list-segment-members',
  input: membersParameters,
  output: listMembersAnswer,
  createDeps: (environment) => {
    const client = new TableClient();
    return {
      objects: new ObjectStore(environment.BUCKET_NAME),
      identities: new IdentitiesTable(environment.IDENTITIES_TABLE, environment.LAKE_PARTITIONS, client),
      liveRun: liveRunReader(new RegistryTable(environment.REGISTRY_TABLE, client), Date.now),
    };
  },
  step: listSegmentMembers,
  runOf: ({ runId }) => runId,
});
