import { Tokenizer } from '@huggingface/tokenizers';

/** One run of the encoder: token ids with the model's special tokens around them. */
export type TokenWindow = readonly number[];

export interface TextTokenizer {
  /**
   * The text as one window of at most `maxTokens` ids; a longer text as the fewest windows of nearly equal length that cover it
   * without overlap, so that nothing is cut off.
   */
  windows(text: string): TokenWindow[];
}

/**
 * A tokenizer from the parsed `tokenizer.json` of a Hugging Face model. Its own truncation and padding are not used: whole
 * texts are wanted, and padding would change an int8 model's activation scale.
 * @throws RangeError when `maxTokens` leaves no room besides the special tokens.
 */
export function createTextTokenizer(tokenizerJson: object, maxTokens: number): TextTokenizer {
  const tokenizer = new Tokenizer({ ...tokenizerJson, truncation: null, padding: null }, {});
  const [prefix, suffix] = specialTokens(tokenizer);
  const room = maxTokens - prefix.length - suffix.length;
  if (room < 1) throw new RangeError(`maxTokens ${maxTokens} leaves no room for text; raise it in the manifest`);
  return {
    windows(text) {
      const ids = tokenizer.encode(text, { add_special_tokens: false }).ids as number[];
      const count = Math.max(1, Math.ceil(ids.length / room));
      return Array.from({ length: count }, (_, window) => [
        ...prefix,
        ...ids.slice(Math.floor((window * ids.length) / count), Math.floor(((window + 1) * ids.length) / count)),
        ...suffix,
      ]);
    },
  };
}

/** The ids that the model's template puts before and after a text. */
function specialTokens(tokenizer: Tokenizer): [prefix: number[], suffix: number[]] {
  const sample = 'a';
  const bare: number[] = tokenizer.encode(sample, { add_special_tokens: false }).ids;
  const whole: number[] = tokenizer.encode(sample).ids;
  const at = whole.findIndex((_, start) => bare.every((id, offset) => whole[start + offset] === id));
  return [whole.slice(0, at), whole.slice(at + bare.length)];
}
