/**
 * `npm run upgrade:check -- OLD NEW`: compares two cloud assemblies (folders that `npm run synth` wrote) and names what an upgrade from one
 * to the other would lose or break. The exit code is 1 if there is anything.
 */
import process from 'node:process';
import { templatesIn } from './assembly-templates.ts';
import { inventoryOf, upgradeProblems } from './inventory.ts';

const [before, after, ...others] = process.argv.slice(2);
if (before === undefined || after === undefined || others.length > 0) {
  console.error('npm run upgrade:check -- OLD NEW takes two folders that npm run synth wrote.');
  process.exitCode = 1;
} else {
  const was = inventoryOf(templatesIn(before));
  const problems = upgradeProblems(was, inventoryOf(templatesIn(after)));
  for (const problem of problems) console.error(`- ${problem}`);
  const held = `${Object.keys(was.resources).length} stateful resources and ${was.exports.length} exports`;
  console.log(problems.length === 0 ? `All of ${held} stay.` : `${problems.length} problems with ${held}.`);
  if (problems.length > 0) process.exitCode = 1;
}
