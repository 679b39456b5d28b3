// Three kinds of tests: units on plain Node, the window's state classes, and journeys, which start whole programs.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

/** Real servers, disks and programs, on a machine that others use too. */
const patient = {
  setupFiles: ['tests/support/patience.ts'],
  expect: { poll: { timeout: 15_000 } },
};

export default defineConfig({
  test: {
    globals: false,
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/renderer/**', 'tests/journeys/**'],
          testTimeout: 30_000,
          ...patient,
        },
      },
      {
        plugins: [svelte({ configFile: false })],
        resolve: { conditions: ['browser'] },
        test: {
          name: 'window',
          include: ['tests/renderer/**/*.test.ts'],
          testTimeout: 20_000,
          ...patient,
        },
      },
      {
        test: {
          name: 'journeys',
          include: ['tests/journeys/**/*.test.ts'],
          globalSetup: ['scripts/journeys-setup.mjs'],
          testTimeout: 120_000,
          ...patient,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
