import { defineConfig } from 'vitest/config';

/** ONNX Runtime refuses typed arrays of another realm, so tests run in forked processes, never in vm contexts. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          pool: 'forks',
          include: [
            '{clients,contracts,functions,infra,local,model-container,model-jobs,numerics,runtime,segmentation,storage}/**/*.test.ts',
          ],
          setupFiles: ['test/harness/property-seed.ts'],
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
      { test: { name: 'architecture', pool: 'forks', include: ['test/architecture/*.test.ts'], testTimeout: 20_000 } },
      {
        test: {
          name: 'integration',
          pool: 'forks',
          include: ['test/integration/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'full',
          pool: 'forks',
          include: ['test/full/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
