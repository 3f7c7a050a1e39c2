/** Imports the module named on the command line into this new process and prints what that took of its CPU, in milliseconds. */
import process from 'node:process';
import { pathToFileURL } from 'node:url';

const before = process.cpuUsage();
await import(pathToFileURL(process.argv[2]).href);
const { user, system } = process.cpuUsage(before);
process.stdout.write(JSON.stringify({ cpuMs: (user + system) / 1000 }));
