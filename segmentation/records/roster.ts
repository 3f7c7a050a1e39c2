/** Distinct names, each with an index in the order of first appearance. */
export class Roster {
  readonly names: string[] = [];
  readonly #index = new Map<string, number>();

  indexOf(name: string): number {
    let index = this.#index.get(name);
    if (index === undefined) {
      index = this.names.length;
      this.names.push(name);
      this.#index.set(name, index);
    }
    return index;
  }
}

const unresolved = -2;

/** Indices into a roster by the code of a cell: names are made when a row that is kept first asks for them, and once. */
export class CodedRoster {
  readonly roster: Roster;
  readonly #indices: Int32Array;
  readonly #nameOf: (code: number) => string;

  /** @param nameOf the name of a code, empty where it stands for nothing. */
  constructor(codes: number, roster: Roster, nameOf: (code: number) => string) {
    this.roster = roster;
    this.#indices = new Int32Array(codes).fill(unresolved);
    this.#nameOf = nameOf;
  }

  /** Index into the roster, -1 where the cell stands for nothing. */
  indexOf(code: number): number {
    const known = this.#indices[code]!;
    if (known !== unresolved) return known;
    const name = this.#nameOf(code);
    const index = name === '' ? -1 : this.roster.indexOf(name);
    this.#indices[code] = index;
    return index;
  }
}
