import { expect, test } from 'vitest';
import { customerBlocks } from './vector-blocks.ts';

test('an attribute weighs as much as one behaviour feature', () => {
  const blocks = customerBlocks({ text: 384, behaviour: 25, attributes: [1, 12] });
  expect(blocks.map(({ columns, scaling, weight }) => [columns, scaling, weight])).toEqual([
    [384, 'whole-block', 1],
    [25, 'each-column', 1],
    [1, 'whole-block', 0.04],
    [12, 'whole-block', 0.04],
  ]);
});

test('many attributes together weigh no more than half', () => {
  const blocks = customerBlocks({ text: 0, behaviour: 4, attributes: [1, 1, 1, 1, 1] });
  expect(blocks.map(({ name, weight }) => [name, weight])).toEqual([
    ['behaviour', 1],
    ['attribute 0', 0.1],
    ['attribute 1', 0.1],
    ['attribute 2', 0.1],
    ['attribute 3', 0.1],
    ['attribute 4', 0.1],
  ]);
});
