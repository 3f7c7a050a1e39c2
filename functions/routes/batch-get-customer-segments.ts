import type * as z from 'zod';
import { batchGetAnswer, batchGetInput } from '../../contracts/api.ts';
import type { LivePointer } from '../../contracts/registry.ts';
import { createPseudonymizer } from '../../segmentation/privacy/pseudonyms.ts';
import { CustomerRowsTable } from '../../storage/customer-rows-table.ts';
import { readPseudonymKey } from '../../storage/pseudonym-key.ts';
import { RegistryTable } from '../../storage/registry-table.ts';
import { TableClient } from '../../storage/table-client.ts';
import { customerSegmentOf } from '../wiring/customer-segment.ts';
import { liveRunReader, provenanceOf } from '../wiring/live-run.ts';
import { routeFunction } from '../wiring/route-function.ts';

/** The segments of up to 100 customers. One Query each, twenty at a time: the wait is that of five round trips at most. */

interface Deps {
  readonly rows: CustomerRowsTable;
  readonly pseudonymOf: (customerId: string) => string;
  readonly liveRun: () => Promise<LivePointer>;
}

export async function batchGetCustomerSegments(
  { body }: z.infer<typeof batchGetInput>,
  { rows, pseudonymOf, liveRun }: Deps,
): Promise<z.infer<typeof batchGetAnswer>> {
  const live = await liveRun();
  const asked = body.customerIds.map((customerId) => ({ customerId, customer: pseudonymOf(customerId) }));
  const found = await rows.findAllLive([...new Set(asked.map(({ customer }) => customer))], live.runSeq);
  const data: z.infer<typeof batchGetAnswer>['data'] = [];
  const notFound: string[] = [];
  for (const { customerId, customer } of asked) {
    const row = found.get(customer);
    if (row) data.push(customerSegmentOf(customerId, row, live));
    else notFound.push(customerId);
  }
  return { ...provenanceOf(live), data, notFound };
}

export const handler = routeFunction({
  name: 'batch-get-customer-segments',
  input: batchGetInput,
  output: batchGetAnswer,
  createDeps: async (environment) => {
    const pseudonymize = createPseudonymizer(await readPseudonymKey(environment.PSEUDONYM_SECRET_ARN));
    const client = new TableClient();
    return {
      rows: new CustomerRowsTable(environment.CUSTOMERS_TABLE, client),
      pseudonymOf: (customerId: string) => pseudonymize('customer', customerId),
      liveRun: liveRunReader(new RegistryTable(environment.REGISTRY_TABLE, client), Date.now),
    };
  },
  step: batchGetCustomerSegments,
});
