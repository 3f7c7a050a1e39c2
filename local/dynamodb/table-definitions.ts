import type { Store } from 'dynalite/db/index.js';

/**
 * Dynalite reads a table's definition from disk for every item of a batch. Kept in memory instead, until a definition is written:
 * 10,000 puts take a quarter less time.
 */
export function keepTableDefinitions({ tableDb }: Store): void {
  const kept = new Map<string, unknown>();
  let writes = 0;
  const { get, put, del } = tableDb;
  const forget = (): void => {
    writes += 1;
    kept.clear();
  };
  tableDb.get = (key, callback) => {
    if (kept.has(key)) {
      callback(null, kept.get(key));
      return;
    }
    const writesBefore = writes;
    get(key, (error, value) => {
      if (!error && writes === writesBefore) kept.set(key, value);
      callback(error, value);
    });
  };
  tableDb.put = (key, value, callback) => {
    put(key, value, (...outcome) => {
      forget();
      callback(...outcome);
    });
  };
  tableDb.del = (key, callback) => {
    del(key, (...outcome) => {
      forget();
      callback(...outcome);
    });
  };
}
