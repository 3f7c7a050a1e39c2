import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DataFolderInUseError, lockDataFolder } from './data-lock.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kindred-lock-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('keeps a second cloud out, until the first lets go', async () => {
  const lock = await lockDataFolder(folder);
  await expect(lockDataFolder(folder)).rejects.toThrow(DataFolderInUseError);
  await lock.release();
  await (await lockDataFolder(folder)).release();
});

it('keeps out of a folder of another living process', async () => {
  await writeFile(join(folder, 'lock'), `${process.ppid}\n`);
  await expect(lockDataFolder(folder)).rejects.toThrow(`process ${process.ppid}`);
});

it('takes over from a process that is dead, from an earlier one with this process’s id, and from a lock cut short', async () => {
  const { pid } = spawnSync(process.execPath, ['--version']);
  for (const stale of [`${pid}\n`, `${process.pid}\n`, '']) {
    await writeFile(join(folder, 'lock'), stale);
    const lock = await lockDataFolder(folder);
    expect(await readFile(join(folder, 'lock'), 'utf8')).toBe(`${process.pid}\n`);
    await lock.release();
  }
});
