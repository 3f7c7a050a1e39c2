import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanText, maxTextLength } from './text-cleaning.ts';

describe('cleanText', () => {
  it.each([
    ['WHITE HANGING HEART T-LIGHT HOLDER', 'WHITE HANGING HEART T-LIGHT HOLDER'],
    ['  RED   RETROSPOT\tBAG \r\n', 'RED RETROSPOT BAG'],
    ['Tom &amp; Jerry&#39;s &lt;3', "Tom & Jerry's <3"],
    ['&amp;quot;great&amp;quot;', '"great"'],
    ['<p>Nice<br/>bag</p>', 'Nice bag'],
    ['&lt;br /&gt;five stars', 'five stars'],
    ['a<script>alert(1)</script>b', 'a b'],
    ['x<!-- hidden -->y', 'x y'],
    ['5 < 6 > 4', '5 < 6 > 4'],
    ['cafe\u0301', 'café'],
    ['zero\u200bwidth\ufeff', 'zerowidth'],
    ['bell\u0007 and\u0000nul', 'bell and nul'],
    ['质量　很好', '质量 很好'],
    ['&notanentity; &#0; &#xD800;', '&notanentity; &#0; &#xD800;'],
    ['Caf&Eacute; &eacute;', 'CafÉ é'],
    ['', ''],
  ])('%j becomes %j', (raw, text) => {
    expect(cleanText(raw)).toBe(text);
  });

  it('cuts at the limit, never within a character', () => {
    expect(cleanText('a'.repeat(maxTextLength + 5))).toBe('a'.repeat(maxTextLength));
    expect(cleanText(`${'a'.repeat(maxTextLength - 1)}😀`)).toBe('a'.repeat(maxTextLength - 1));
  });

  it('leaves no control character, double space, lone surrogate or outer space in any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (raw) => {
        const text = cleanText(raw);
        expect(text).toBe(text.trim());
        expect(text).toBe(text.normalize('NFC'));
        expect(text.isWellFormed()).toBe(true);
        expect(text).not.toMatch(/\p{Cc}|\s\s|\u200b|\ufeff/u);
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});
