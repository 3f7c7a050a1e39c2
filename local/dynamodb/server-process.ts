/** DynamoDB in a process of its own: `node server-process.ts <data folder> <port>`. It answers once it was sent its `GateRules`. */
import process from 'node:process';
import dynalite from 'dynalite';
import db from 'dynalite/db/index.js';
import { LOOPBACK } from '../listening.ts';
import { type GateRules, guard } from './gate.ts';
import { keepTableDefinitions } from './table-definitions.ts';

const [folder = '', port = '0'] = process.argv.slice(2);
const { create } = db;
db.create = (options) => {
  const store = create(options);
  keepTableDefinitions(store);
  return store;
};
const server = dynalite({ path: folder, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
const rules = Promise.withResolvers<GateRules>();
process.once('message', (message: GateRules) => rules.resolve(message));
guard(server, rules.promise, (news) => process.send!(news));

server.listen(Number(port), LOOPBACK, () => {
  const address = server.address();
  process.send!({ listening: (address as { port: number }).port });
});

process.on('SIGTERM', () => {
  server.close(() => process.exit());
  server.closeAllConnections();
});
