import type { Matrix } from '../../numerics/tensor.ts';
import type { AttributeStatistics } from '../features/attribute-statistics.ts';
import { fillMissing } from '../features/column-means.ts';
import { encodeProfiles, fitProfileEncoding } from '../features/profile-encoding.ts';
import { profileMeans } from '../features/profile-means.ts';
import type { CustomerRecord } from '../records/tables.ts';
import type { CustomerColumns } from './vector-blocks.ts';

/** What is known of n customers, in one order. */
export interface CustomerKnowledge {
  /** [n, dText] pooled text vectors; 0 columns where the shop's files hold no text. */
  readonly text: Matrix;
  /** [n, m] behaviour features, NaN where missing. */
  readonly behaviour: Matrix;
  /** [n] */
  readonly attributes: readonly CustomerRecord['attributes'][];
}

/** Of all customers, not just these: what a missing value counts as, and which columns attributes get. */
export interface Population {
  /** [m] */
  readonly featureMeans: Float64Array;
  readonly attributes: AttributeStatistics;
}

export interface CustomerTable {
  /** [n, D], finite: text, behaviour, attributes side by side. */
  readonly rows: Matrix;
  readonly columns: CustomerColumns;
}

/** The raw table from which the output layer makes customer vectors. Missing is neutral: it counts as the population's mean. */
export function customerTable(knowledge: CustomerKnowledge, population: Population): CustomerTable {
  const { text, behaviour, attributes } = knowledge;
  const encoding = fitProfileEncoding(population.attributes);
  const profiles = encodeProfiles(
    encoding,
    attributes.map((record) => ({ attributes: record })),
  );
  const byAttribute = Map.groupBy(encoding.columns, ({ attribute }) => attribute);
  const rows = sideBySide(
    text,
    { ...behaviour, data: fillMissing(behaviour.data, population.featureMeans) },
    {
      rows: attributes.length,
      columns: encoding.columns.length,
      data: fillMissing(profiles, profileMeans(encoding, population.attributes)),
    },
  );
  return {
    rows,
    columns: {
      text: text.columns,
      behaviour: behaviour.columns,
      attributes: [...byAttribute.values()].map((columns) => columns.length),
    },
  };
}

function sideBySide(...blocks: readonly Matrix[]): Matrix {
  const { rows } = blocks[0]!;
  const columns = blocks.reduce((total, block) => total + block.columns, 0);
  const data = new Float32Array(rows * columns);
  let offset = 0;
  for (const block of blocks) {
    for (let row = 0; row < rows; row += 1) {
      data.set(block.data.subarray(row * block.columns, (row + 1) * block.columns), row * columns + offset);
    }
    offset += block.columns;
  }
  return { rows, columns, data };
}
