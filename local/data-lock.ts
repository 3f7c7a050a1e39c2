import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { isAlive } from './process-life.ts';

/** Another cloud runs on the same data folder. */
export class DataFolderInUseError extends Error {
  override readonly name = 'DataFolderInUseError';
  readonly code = 'DATA_FOLDER_IN_USE';
  readonly retryable = false;

  constructor(folder: string, pid: number) {
    super(
      `The data folder ${folder} is in use by the embedded cloud of process ${pid}; stop that one, or choose another folder with --data.`,
    );
  }
}

export interface DataLock {
  release(): Promise<void>;
}

/** Locks held by this process: its own id in a lock file is of a dead namesake unless it stands here. */
const held = new Set<string>();

/** Takes the folder for this process; takes it over from one that is dead. @throws DataFolderInUseError */
export async function lockDataFolder(folder: string): Promise<DataLock> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'lock');
  for (;;) {
    try {
      await writeFile(path, `${process.pid}\n`, { flag: 'wx' });
      held.add(path);
      return {
        release: async () => {
          held.delete(path);
          await rm(path, { force: true });
        },
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const pid = await ownerOf(path);
    if (pid !== undefined && (pid === process.pid ? held.has(path) : isAlive(pid)))
      throw new DataFolderInUseError(folder, pid);
    await discard(path);
  }
}

/** Undefined: no process could be read from it, because it is gone or was being written by one that died. */
async function ownerOf(path: string): Promise<number | undefined> {
  try {
    const pid = Number(await readFile(path, 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** By renaming first: of two processes that find the same dead lock, one alone moves it away. */
async function discard(path: string): Promise<void> {
  const stale = `${path}.stale-${process.pid}`;
  try {
    await rename(path, stale);
    await rm(stale);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
