import {
  type AttributeStatistics,
  decodeAttributes,
  type EncodedAttributeStatistics,
  initAttributes,
  mergeAttributes,
} from '../segmentation/features/attribute-statistics.ts';
import { type ColumnSums, columnMeans } from '../segmentation/features/column-means.ts';
import { fitLifecycle, type LifecycleRule } from '../segmentation/features/lifecycle.ts';
import { ValueCounts } from '../segmentation/features/value-counts.ts';
import { runKeys } from './keys.ts';
import type { ObjectStore } from './object-store.ts';

/** `runs/<runId>/profile-statistics/<partition>.json`: what one partition contributes to the picture of all customers. */
export interface PartitionStatistics {
  readonly attributes: EncodedAttributeStatistics;
  readonly features: ColumnSums;
  readonly gaps: readonly (readonly [value: number, count: number])[];
}

/** All customers of a run taken together. */
export interface PopulationStatistics {
  readonly attributes: AttributeStatistics;
  /** Of each behaviour feature, over those whose data tell it. */
  readonly featureMeans: Float64Array;
  readonly lifecycle: LifecycleRule;
}

export async function readPopulationStatistics(
  objects: ObjectStore,
  runId: string,
  partitions: number,
): Promise<PopulationStatistics> {
  const keys = runKeys(runId);
  const parts = await Promise.all(
    Array.from({ length: partitions }, (_, partition) =>
      objects.getJson(keys.profileStatistics(partition), (value) => value as PartitionStatistics),
    ),
  );
  const attributes = initAttributes();
  const gaps = new ValueCounts();
  for (const part of parts) {
    mergeAttributes(attributes, decodeAttributes(part.attributes));
    gaps.merge(new ValueCounts(part.gaps));
  }
  const columns = parts[0]?.features.counts.length ?? 0;
  return {
    attributes,
    featureMeans: columnMeans(
      parts.map(({ features }) => features),
      columns,
    ),
    lifecycle: fitLifecycle(gaps),
  };
}
