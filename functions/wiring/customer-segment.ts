import type { CustomerSegment } from '../../contracts/api.ts';
import type { CustomerRow } from '../../contracts/customer-rows.ts';
import type { LivePointer } from '../../contracts/registry.ts';

const dayMs = 86_400_000;

/** A published row as the API tells it: under the shop's own id, with days counted to the live run. */
export function customerSegmentOf(customerId: string, row: CustomerRow, live: LivePointer): CustomerSegment {
  const { facts } = row;
  return {
    customerId,
    segment: { id: row.segmentId, name: row.segmentName },
    confidence: row.confidence,
    alternatives: row.alternatives,
    features: {
      ...facts,
      lifecycleStage: row.lifecycleStage,
      recencyDays: daysBetween(facts.lastPurchaseAt, live.asOf),
      tenureDays: daysBetween(facts.firstPurchaseAt, live.asOf),
    },
    assignedAt: row.assignedAt,
    isDataPartial: row.isDataPartial,
  };
}

function daysBetween(from: string | null, to: string): number | null {
  return from === null ? null : Math.round((Date.parse(to) - Date.parse(from)) / dayMs);
}
