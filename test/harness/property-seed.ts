import fc from 'fast-check';

/** Property tests try the same cases in every run; KINDRED_PROPERTY_SEED (an integer) makes them try others. */
const seed = Number(process.env['KINDRED_PROPERTY_SEED'] ?? 20_101_201);
if (!Number.isInteger(seed))
  throw new Error(`KINDRED_PROPERTY_SEED is to be an integer, got ${process.env['KINDRED_PROPERTY_SEED']}.`);
fc.configureGlobal({ seed });
