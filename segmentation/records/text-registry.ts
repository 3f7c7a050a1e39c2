import type { TextRecord } from './tables.ts';
import { textIdOf } from './text-id.ts';

/** Letters by script, over distinct texts: by them the language model of a run is chosen. */
export interface ScriptCounts {
  readonly latin: number;
  readonly han: number;
}

/** The distinct texts of a file, in the order of their first appearance. They come in cleaned and scrubbed. */
export class TextRegistry {
  readonly #idOf = new Map<string, string>();

  /** The id of a text, which is kept. */
  add(text: string): string {
    let id = this.#idOf.get(text);
    if (id === undefined) {
      id = textIdOf(text);
      this.#idOf.set(text, id);
    }
    return id;
  }

  records(): TextRecord[] {
    return Array.from(this.#idOf, ([text, textId]) => ({ textId, text }));
  }

  scripts(): ScriptCounts {
    let latin = 0;
    let han = 0;
    for (const text of this.#idOf.keys()) {
      latin += text.match(/\p{Script=Latin}/gu)?.length ?? 0;
      han += text.match(/\p{Script=Han}/gu)?.length ?? 0;
    }
    return { latin, han };
  }
}
