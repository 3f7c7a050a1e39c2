import type { Tensor } from '../numerics/tensor.ts';
import type { BehaviourFacts } from '../segmentation/features/customer-summary.ts';
import type { TensorFile } from './tensor-files.ts';

/** The columns of the facts table of a features file. Missing is NaN. */
const factNames = [
  'firstEventAtMs',
  'lastEventAtMs',
  'firstPurchaseAtMs',
  'lastPurchaseAtMs',
  'orders',
  'lines',
  'units',
  'revenue',
  'refundLines',
  'refundAmount',
  'distinctItems',
  'reviews',
  'meanRating',
  'activeDays',
  'purchaseDays',
] as const satisfies readonly (keyof BehaviourFacts)[];

/** F64 [n, facts]. */
export function factsTensor(facts: readonly BehaviourFacts[]): Tensor<'float64'> {
  const data = new Float64Array(facts.length * factNames.length);
  facts.forEach((row, at) => {
    for (const [column, name] of factNames.entries()) data[at * factNames.length + column] = row[name];
  });
  return { type: 'float64', dims: [facts.length, factNames.length], data };
}

export function factsIn(file: TensorFile): BehaviourFacts[] {
  const data = file.doubles('facts');
  return Array.from({ length: data.length / factNames.length }, (_, row) => {
    const entries = factNames.map((name, column) => [name, data[row * factNames.length + column]]);
    return Object.fromEntries(entries) as unknown as BehaviourFacts;
  });
}
