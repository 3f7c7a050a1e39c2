import type { IngestContext } from './ingest-context.ts';
import type { InteractionColumns } from './interaction-columns.ts';
import { categoryLevels, itemRecord, titleOf } from './item-rows.ts';
import { CodedRoster, Roster } from './roster.ts';
import type { ItemRecord } from './tables.ts';

/**
 * The items that the rows of an interactions file name: by id, by title, or both. Without an id the title, cleaned, is the id.
 * Where the rows hold titles, they tell of the items too: the title that most rows give an id, and the categories, brand and
 * price above 0 of the last row that has them.
 */
export class InteractionItems {
  readonly #context: IngestContext;
  readonly #roster = new Roster();
  readonly #idColumn: number | undefined;
  readonly #titleColumn: number | undefined;
  readonly #byId: CodedRoster;
  readonly #byTitle: CodedRoster;
  readonly #hasId: Uint8Array;
  /** Cleaned titles, each once, and the index of each by the code of a cell; -1 where the cell holds none. */
  readonly #titles = new Roster();
  readonly #titleOfCode: Int32Array;
  /** Rows by item and title: the key is item * titles + title. */
  readonly #titleRows = new Map<number, number>();
  readonly #lastRow: number[] = [];
  readonly #lastPrice: number[] = [];

  constructor(context: IngestContext, columns: InteractionColumns) {
    this.#context = context;
    const { table, recognition } = context;
    this.#idColumn = columns.itemId?.column;
    this.#titleColumn = recognition.columns.get('title');
    const ids = columns.itemId?.values ?? [];
    const cells = this.#titleColumn === undefined ? [] : table.columns[this.#titleColumn]!;
    this.#titleOfCode = Int32Array.from(cells, (cell) => {
      const title = titleOf(cell);
      return title === '' ? -1 : this.#titles.indexOf(title);
    });
    this.#hasId = Uint8Array.from(ids, (id) => (id === '' ? 0 : 1));
    this.#byId = new CodedRoster(ids.length, this.#roster, (code) => ids[code]!);
    this.#byTitle = new CodedRoster(
      cells.length,
      this.#roster,
      (code) => this.#titles.names[this.#titleOfCode[code]!] ?? '',
    );
  }

  /** Distinct ids, in the order in which rows named them. */
  get ids(): readonly string[] {
    return this.#roster.names;
  }

  /** @param base index of the row's first code. */
  isNamedBy(base: number): boolean {
    const { codes } = this.#context.table;
    if (this.#idColumn !== undefined && this.#hasId[codes[base + this.#idColumn]!] === 1) return true;
    return this.#titleColumn !== undefined && this.#titleOfCode[codes[base + this.#titleColumn]!]! >= 0;
  }

  /**
   * Index of the item of a row that is kept, -1 for none.
   * @param base index of the row's first code.
   * @param price of one unit, NaN where the row tells none.
   */
  indexOf(base: number, price: number): number {
    const { codes, header } = this.#context.table;
    let item = this.#idColumn === undefined ? -1 : this.#byId.indexOf(codes[base + this.#idColumn]!);
    if (this.#titleColumn === undefined) return item;
    const titleCode = codes[base + this.#titleColumn]!;
    if (item < 0) item = this.#byTitle.indexOf(titleCode);
    if (item < 0) return -1;
    this.#lastRow[item] = base / header.length;
    if (price > 0) this.#lastPrice[item] = price;
    const title = this.#titleOfCode[titleCode]!;
    if (title >= 0 && this.#idColumn !== undefined) {
      const key = item * this.#titles.names.length + title;
      this.#titleRows.set(key, (this.#titleRows.get(key) ?? 0) + 1);
    }
    return item;
  }

  records(): ItemRecord[] {
    if (this.#titleColumn === undefined) return [];
    const { table, recognition, texts } = this.#context;
    const { categories, columns } = recognition;
    const brandColumn = columns.get('brand');
    const titles = this.#idColumn === undefined ? this.ids : this.#mostFrequentTitles();
    return this.ids.flatMap((item, index) => {
      const title = titles[index];
      if (title === undefined) return [];
      const base = this.#lastRow[index]! * table.header.length;
      const cell = (column: number) => table.columns[column]![table.codes[base + column]!]!;
      return itemRecord(texts, {
        item,
        title,
        description: '',
        categoryPath: categories.flatMap((column) => categoryLevels(cell(column))),
        brand: brandColumn === undefined ? '' : titleOf(cell(brandColumn)),
        price: this.#lastPrice[index] ?? Number.NaN,
      });
    });
  }

  /** By item; of equally frequent titles the one that came first. */
  #mostFrequentTitles(): (string | undefined)[] {
    const most = new Array<number>(this.ids.length).fill(0);
    const titles = new Array<string | undefined>(this.ids.length).fill(undefined);
    for (const [key, rows] of this.#titleRows) {
      const item = Math.floor(key / this.#titles.names.length);
      if (rows <= most[item]!) continue;
      most[item] = rows;
      titles[item] = this.#titles.names[key % this.#titles.names.length];
    }
    return titles;
  }
}
