import type * as z from 'zod';
import { customerIdParameter, customerSegmentAnswer } from '../../contracts/api.ts';
import type { LivePointer } from '../../contracts/registry.ts';
import { createPseudonymizer } from '../../segmentation/privacy/pseudonyms.ts';
import { CustomerRowsTable } from '../../storage/customer-rows-table.ts';
import { readPseudonymKey } from '../../storage/pseudonym-key.ts';
import { RegistryTable } from '../../storage/registry-table.ts';
import { TableClient } from '../../storage/table-client.ts';
import { ApiProblem } from '../wiring/api-problem.ts';
import { customerSegmentOf } from '../wiring/customer-segment.ts';
import { liveRunReader, provenanceOf } from '../wiring/live-run.ts';
import { routeFunction } from '../wiring/route-function.ts';

/** Which segment is this customer in, how sure are we, and on what facts? One Query. */

interface Deps {
  readonly rows: CustomerRowsTable;
  readonly pseudonymOf: (customerId: string) => string;
  readonly liveRun: () => Promise<LivePointer>;
}

export async function getCustomerSegment(
  { customerId }: z.infer<typeof customerIdParameter>,
  { rows, pseudonymOf, liveRun }: Deps,
): Promise<z.infer<typeof customerSegmentAnswer>> {
  const live = await liveRun();
  const row = await rows.findLive(pseudonymOf(customerId), live.runSeq);
  if (!row) {
    throw new ApiProblem(
      404,
      'Unknown customer',
      `No customer with this id is part of ${live.runId}. Customers appear after the run that follows the file naming them.`,
    );
  }
  return { ...customerSegmentOf(customerId, row, live), ...provenanceOf(live) };
}

export const handler = routeFunction({
  name: 'get-customer-segment',
  input: customerIdParameter,
  output: customerSegmentAnswer,
  createDeps: async (environment) => {
    const pseudonymize = createPseudonymizer(await readPseudonymKey(environment.PSEUDONYM_SECRET_ARN));
    const client = new TableClient();
    return {
      rows: new CustomerRowsTable(environment.CUSTOMERS_TABLE, client),
      pseudonymOf: (customerId: string) => pseudonymize('customer', customerId),
      liveRun: liveRunReader(new RegistryTable(environment.REGISTRY_TABLE, client), Date.now),
    };
  },
  step: getCustomerSegment,
  runOf: ({ runId }) => runId,
});
