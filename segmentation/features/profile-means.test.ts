import { expect, test } from 'vitest';
import { addAttributes, initAttributes } from './attribute-statistics.ts';
import { profileMeans } from './profile-means.ts';

test('numbers by their mean, categories by their share, both among those who give the attribute', () => {
  const statistics = initAttributes();
  const customers: Record<string, string | number>[] = [
    { age: 20, city: 'Oslo' },
    { age: 50 },
    { city: 'Rome' },
    { city: 'Oslo' },
    {},
  ];
  for (const attributes of customers) addAttributes(statistics, attributes);
  const columns = [{ attribute: 'age' }, { attribute: 'city', category: 'Oslo' }];
  expect([...profileMeans({ columns, dropped: [] }, statistics)]).toEqual([35, 2 / 3]);
});
