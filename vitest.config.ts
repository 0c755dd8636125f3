import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          maxWorkers: 2,
          include: ['**/*.test.ts'],
          exclude: ['node_modules/**', 'tests/**', '.attendant/**'],
          testTimeout: 20_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'calls',
          // Calls wait more than they compute.
          maxWorkers: 3,
          include: ['tests/**/*.test.ts'],
          globalSetup: ['tests/stack/global-setup.ts'],
          // A whole call, spoken in real time, on a machine that does other things too.
          testTimeout: 300_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
