/**
 * `npm run upgrade:record`: writes recorded-inventory.json, what may stand in somebody's account. Refuses while an upgrade from what is
 * recorded would lose or break something; a break that is meant is made by deleting the entry from the file by hand.
 */
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { synthesizeStubs } from '../stub-assembly.ts';
import { inventoryOf, upgradeProblems } from './inventory.ts';
import recorded from './recorded-inventory.json' with { type: 'json' };

const current = inventoryOf(synthesizeStubs().templates);
const problems = upgradeProblems(recorded, current);
for (const problem of problems) console.error(`- ${problem}`);
if (problems.length > 0) process.exitCode = 1;
else {
  const path = fileURLToPath(new URL('./recorded-inventory.json', import.meta.url));
  writeFileSync(path, `${JSON.stringify(current, null, 2)}\n`);
}
