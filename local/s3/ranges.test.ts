import { describe, expect, it } from 'vitest';
import { parseRange } from './ranges.ts';

describe('parseRange', () => {
  // The examples of RFC 9110, section 14.1.2, for a representation of 10,000 bytes; ends excluded here.
  it.each([
    ['bytes=0-499', { start: 0, end: 500 }],
    ['bytes=500-999', { start: 500, end: 1000 }],
    ['bytes=-500', { start: 9500, end: 10_000 }],
    ['bytes=9500-', { start: 9500, end: 10_000 }],
    ['bytes=9999-20000', { start: 9999, end: 10_000 }],
    ['bytes=-20000', { start: 0, end: 10_000 }],
    ['bytes=0-0,-1', undefined],
    ['bytes=5-4', undefined],
    ['bytes=-', undefined],
    ['items=0-1', undefined],
  ])('%s', (header, range) => {
    expect(parseRange(header, 10_000)).toEqual(range);
  });

  it.each([
    ['bytes=10000-', 10_000],
    ['bytes=-0', 10_000],
    ['bytes=0-', 0],
  ])('refuses %s of %d bytes', (header, sizeBytes) => {
    expect(() => parseRange(header, sizeBytes)).toThrow(
      expect.objectContaining({
        code: 'InvalidRange',
        status: 416,
        headers: { 'content-range': `bytes */${sizeBytes}` },
      }),
    );
  });
});
