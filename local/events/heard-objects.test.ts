import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { HeardObjects } from './heard-objects.ts';

it('is known to the next process, and does not go back', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kindred-heard-'));
  const path = join(folder, 'events', 'heard-objects');
  const first = new HeardObjects(path);
  expect(first.sequencer).toBe('');
  first.advance('000000000000000009');
  first.advance('00000000000000000A');
  first.advance('000000000000000009');
  // The first process is killed: nothing is closed.
  const second = new HeardObjects(path);
  expect(second.sequencer).toBe('00000000000000000A');
  for (const one of [first, second]) one.close();
  rmSync(folder, { recursive: true });
});
