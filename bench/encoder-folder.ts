import { fileURLToPath } from 'node:url';

/** The English encoder that comes with the project. */
export const encoderName = 'all-MiniLM-L6-v2';
export const encoderFolder = fileURLToPath(new URL(`../model-container/models/${encoderName}`, import.meta.url));
