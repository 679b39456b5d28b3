// Three kinds of tests: units on plain Node, the window's state classes, and journeys, which start whole programs.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// Real servers, disks and kills on a machine that others use too: what fails twice has failed, and a second try is reported.
const retry = 1;

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
          testTimeout: 20_000,
          retry,
        },
      },
      {
        plugins: [svelte({ configFile: false })],
        resolve: { conditions: ['browser'] },
        test: {
          name: 'window',
          include: ['tests/renderer/**/*.test.ts'],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'journeys',
          include: ['tests/journeys/**/*.test.ts'],
          globalSetup: ['scripts/journeys-setup.mjs'],
          testTimeout: 120_000,
          retry,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
