/**
 * Loaded first into every process that the embedded cloud starts. Its life is that of its parent: it ends when the channel to
 * the parent closes, however the parent ended; and Ctrl-C, which a terminal sends to all processes, is the parent's to act on.
 */
import process from 'node:process';

process.on('disconnect', () => process.exit());
process.on('SIGINT', () => {});
