#!/usr/bin/env node
// `npm test`: sets up, then every check and every test. One that fails does not keep the others from running.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from './build.mjs';
import { setup } from './setup.mjs';
import { ensureTestPartners } from './setup/debian.mjs';
import { isMain, runMain } from './setup/main.mjs';
import { passOn } from './setup/pass-on.mjs';
import { packagesAreCurrent } from './setup/packages.mjs';
import { modules, root, toolEnv, toolNode } from './setup/paths.mjs';
import { run } from './setup/step.mjs';

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */
/** @typedef {{ name: string, work: () => Promise<unknown> }} Check */

const typed = ['shared', 'node', 'preload', 'tests', 'scripts'];

/** @type {Check[]} what looks at the sources only; two at a time */
const checks = [
  tool('lint', 'eslint/bin/eslint.js', ['.']),
  tool('svelte-check', 'svelte-check/bin/svelte-check', [
    ...['--tsconfig', 'tsconfig.renderer.json', '--fail-on-warnings', '--output', 'human'],
  ]),
  ...typed.map((name) => tool(`types of ${name}`, 'typescript/bin/tsc', ['--project', `tsconfig.${name}.json`])),
  tool('format', 'prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']),
  tool('dead code', 'knip/bin/knip.js', ['--no-progress']),
];

/**
 * @param {string} name
 * @param {string} script inside node_modules
 * @param {string[]} args
 * @returns {Check}
 */
function tool(name, script, args) {
  return { name, work: () => run(toolNode(), [join(modules, script), ...args], { cwd: root, env: toolEnv() }) };
}

/**
 * Runs checks side by side and says of each how it ended.
 * @param {Check[]} list
 * @returns {Promise<Counts>}
 */
async function runChecks(list) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const waiting = [...list];
  const lane = async () => {
    for (let check = waiting.shift(); check; check = waiting.shift()) {
      const startedAt = Date.now();
      const seconds = () => `${((Date.now() - startedAt) / 1000).toFixed(1)} s`;
      try {
        await check.work();
        counts.passed++;
        console.log(`passed  ${check.name} (${seconds()})`);
      } catch (error) {
        counts.failed++;
        console.log(
          `FAILED  ${check.name} (${seconds()})\n${error instanceof Error ? error.message : String(error)}\n`,
        );
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, lane));
  return counts;
}

async function setUpForTests() {
  await setup();
  await ensureTestPartners();
}

/** @returns {Promise<Counts>} */
async function runTests() {
  const work = mkdtempSync(join(tmpdir(), 'sluice-test-'));
  const report = join(work, 'report.json');
  try {
    const vitest = join(modules, 'vitest', 'vitest.mjs');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const status = await passOn(toolNode(), [vitest, 'run', '--root', root, ...reporters], toolEnv());
    return countTests(readFileSync(report, 'utf8'), status);
  } catch (error) {
    console.log(`FAILED  the test run itself\n${error instanceof Error ? error.message : String(error)}`);
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * Counts each test. A file that did not load, and a run that failed although no test did, count as failed too.
 * @param {string} report vitest's JSON report
 * @param {number} status vitest's exit status
 * @returns {Counts}
 */
export function countTests(report, status) {
  /** @type {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number, testResults: { status: string, assertionResults: { status: string }[] }[] }} */
  const { testResults, ...sums } = JSON.parse(report);
  const unloaded = testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const failed = sums.numFailedTests + unloaded;
  return {
    passed: sums.numPassedTests,
    failed: failed === 0 && status !== 0 ? 1 : failed,
    skipped: sums.numPendingTests + sums.numTodoTests,
  };
}

if (isMain(import.meta.url)) {
  await runMain(async () => {
    const parts = [await runChecks([{ name: 'set-up', work: setUpForTests }])];
    // A set-up that could not do all may have done enough for most.
    if (packagesAreCurrent()) {
      parts.push(await runChecks(checks), await runChecks([{ name: 'build', work: build }]), await runTests());
    }
    const sum = (/** @type {keyof Counts} */ key) => parts.reduce((total, part) => total + part[key], 0);
    const skipped = sum('skipped');
    console.log(`\n${sum('passed')} passed, ${sum('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
    return sum('failed') === 0 ? 0 : 1;
  });
}
