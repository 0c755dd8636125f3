import { defineConfig } from 'vitest/config';
import { LONG } from './tests/harm/form.ts';

/** What fills the machine by itself: run alone, one after the other, so that calls of other tests need not wait for it. */
const CROWDS = [
  'tests/transfer/**/*.test.ts',
  'tests/hostile/**/*.test.ts',
  'tests/overload/*.test.ts',
  'tests/personal-data/*.test.ts',
  'tests/calls/ten-callers.test.ts',
  'tests/soak/*.test.ts',
  'tests/webhooks/*.test.ts',
  'tests/harm/*.test.ts',
  'tests/bench/*.test.ts',
];

/** What `npm run harm` runs in its long form; each is in one of the other projects too, in its short form. They start what they need themselves. */
const HARM = [
  'tests/hostile/sip.test.ts',
  'tests/overload/*.test.ts',
  'tests/personal-data/*.test.ts',
  'tests/survival/*.test.ts',
  'tests/trouble/*.test.ts',
  'tests/harm/*.test.ts',
];

/**
 * Calls cross real networks and six processes, so one of a thousand is lost where nobody is at fault. It is placed once more; `npm test` names
 * every test that needed that (stack/test.ts), and one that does so often has a cause that is to be found.
 */
const SECOND_TRY = 1;

const LONG_FORM = {
  test: {
    name: 'harm',
    maxWorkers: 1,
    include: HARM,
    exclude: ['node_modules/**'],
    testTimeout: 3_600_000,
    hookTimeout: 300_000,
    // Its figures count what goes wrong; a second try would hide it.
    retry: 0,
    sequence: { groupOrder: 3 },
  },
};

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
          maxWorkers: 2,
          include: ['tests/**/*.test.ts'],
          exclude: CROWDS,
          globalSetup: ['tests/stack/global-setup.ts'],
          // A whole call, spoken in real time, on a machine that does other things too.
          testTimeout: 300_000,
          hookTimeout: 300_000,
          retry: SECOND_TRY,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'crowds',
          maxWorkers: 1,
          include: CROWDS,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          retry: SECOND_TRY,
          sequence: { groupOrder: 2 },
        },
      },
      ...(LONG ? [LONG_FORM] : []),
    ],
  },
});
