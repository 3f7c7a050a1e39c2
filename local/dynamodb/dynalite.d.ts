declare module 'dynalite/db/index.js' {
  type Callback = (error?: Error | null, value?: unknown) => void;

  export interface SubStore {
    get(key: string, callback: Callback): void;
    put(key: string, value: unknown, callback: Callback): void;
    del(key: string, callback: Callback): void;
  }

  export interface Store {
    readonly tableDb: SubStore;
  }

  const db: { create(options?: object): Store };
  export default db;
}

declare module 'dynalite' {
  import type { Server } from 'node:http';

  interface DynaliteOptions {
    /** Folder of the LevelDB store; in memory when left out. */
    path?: string;
    createTableMs?: number;
    deleteTableMs?: number;
    updateTableMs?: number;
    maxItemSizeKb?: number;
  }

  export default function dynalite(options?: DynaliteOptions): Server;
}
