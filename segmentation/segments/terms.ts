import { describingWords, stopWords } from './stop-words.ts';

const runs = /\p{Script=Han}+|[\p{L}\p{M}]+(?:['’-][\p{L}\p{M}]+)*|\p{N}+|[^\s\p{L}\p{M}\p{N}]/gu;
const han = /^\p{Script=Han}/u;
const letter = /^\p{L}/u;
const chineseWords = new Intl.Segmenter('zh', { granularity: 'word' });

/**
 * The distinct terms of a text: words and pairs of neighbouring words, lower case, a space between the two. Latin words stand as written, Chinese is cut by
 * Unicode's word segmentation (UAX #29 with ICU's dictionary). Stop words, numbers, single letters and punctuation are no terms and part their neighbours;
 * colours and sizes are terms only together with another word.
 */
export function termsOf(text: string): Set<string> {
  const terms = new Set<string>();
  let before: { readonly word: string; readonly chinese: boolean } | undefined;
  for (const [run] of text.normalize('NFKC').toLowerCase().matchAll(runs)) {
    const chinese = han.test(run);
    for (const word of chinese ? chineseWordsOf(run) : [run]) {
      if (!isTerm(word, chinese)) {
        before = undefined;
        continue;
      }
      if (!describingWords.has(word)) terms.add(word);
      if (before !== undefined && before.chinese === chinese && before.word !== word) {
        const both = describingWords.has(word) && describingWords.has(before.word);
        if (!both) terms.add(`${before.word} ${word}`);
      }
      before = { word, chinese };
    }
  }
  return terms;
}

/** A term as people write it: Chinese words without a space between them. */
export function termLabel(term: string): string {
  return term.replace(/(?<=\p{Script=Han}) (?=\p{Script=Han})/gu, '');
}

/** How many letters of a text are Latin and how many Han: decides the language in which segments are named. */
export function scriptCounts(text: string): { latin: number; han: number } {
  return {
    latin: text.match(/\p{Script=Latin}/gu)?.length ?? 0,
    han: text.match(/\p{Script=Han}/gu)?.length ?? 0,
  };
}

export type Language = 'en' | 'zh';

/** A Han character says about as much as four Latin letters: Chinese texts with Latin brand names are Chinese. */
export function languageOf({ latin, han: chinese }: { readonly latin: number; readonly han: number }): Language {
  return chinese * 4 > latin ? 'zh' : 'en';
}

/** The dictionary's words; neighbouring characters that it knows only singly, stop words aside, are taken for one word that it does not know. */
function chineseWordsOf(run: string): string[] {
  const words: string[] = [];
  let single = false;
  for (const { segment } of chineseWords.segment(run)) {
    const joins = segment.length === 1 && !stopWords.has(segment);
    if (joins && single) words[words.length - 1] += segment;
    else words.push(segment);
    single = joins;
  }
  return words;
}

function isTerm(word: string, chinese: boolean): boolean {
  if (stopWords.has(word) || !letter.test(word)) return false;
  return chinese ? word.length > 1 : word.length > 2;
}
