import { expect, test } from 'vitest';
import { addAttributes, initAttributes } from '../features/attribute-statistics.ts';
import { customerTable } from './customer-table.ts';

test('text, behaviour and attributes stand side by side, and what is missing is the mean of all', () => {
  const statistics = initAttributes();
  const everyone: Record<string, string | number>[] = [
    { age: 20, city: 'Oslo' },
    { age: 40, city: 'Rome' },
    { age: 60, city: 'Oslo' },
    { city: 'Bonn' },
  ];
  for (const record of everyone) addAttributes(statistics, record);
  const { rows, columns } = customerTable(
    {
      text: { rows: 2, columns: 2, data: Float32Array.of(0.6, 0.8, 0, 0) },
      behaviour: { rows: 2, columns: 2, data: Float32Array.of(7, Number.NaN, 1, 2) },
      attributes: [{ age: 20, city: 'Rome' }, {}],
    },
    { featureMeans: Float64Array.of(5, 9), attributes: statistics },
  );
  expect(columns).toEqual({ text: 2, behaviour: 2, attributes: [1, 3] });
  // age; Oslo, then Bonn and Rome, which are as common
  expect([...rows.data.subarray(0, 8)].map((value) => Number(value.toFixed(6)))).toEqual([0.6, 0.8, 7, 9, 20, 0, 0, 1]);
  expect([...rows.data.subarray(8)]).toEqual([0, 0, 1, 2, 40, 0.5, 0.25, 0.25]);
});
