import { fileURLToPath } from 'node:url';

/** The encoders that are shipped with a function's code: the folder beside its bundle. Whoever imports this has them in its package. */
export const shippedEncodersFolder = fileURLToPath(new URL('./models', import.meta.url));
