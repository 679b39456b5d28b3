#!/usr/bin/env node
// `npm run build`: bundles into out/ what has changed since the last time; other scripts call it before they run the program.
import { existsSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderIcons } from './icon.mjs';
import { isMain, runMain } from './setup/main.mjs';
import { modules, root, toolEnv, toolNode } from './setup/paths.mjs';
import { run, step } from './setup/step.mjs';

const out = join(root, 'out');
const stamp = join(out, '.built');
const sources = ['main', 'renderer', 'shared', 'build', 'electron.vite.config.ts', 'package-lock.json'];

/** True when nothing that goes into out/ is newer than the last build. Looks at times only: some milliseconds. */
export function isBuilt() {
  try {
    const builtAt = statSync(stamp).mtimeMs;
    return sources.every((source) => newestMs(join(root, source)) < builtAt);
  } catch {
    return false;
  }
}

/** Builds out/ when it is stale. The old one is replaced only by a whole new one. */
export async function build() {
  if (isBuilt()) return;
  await step('Building', async () => {
    const startedAt = new Date();
    const [work, old] = [`${out}.${process.pid}`, `${out}.${process.pid}.old`];
    try {
      const electronVite = join(modules, 'electron-vite', 'bin', 'electron-vite.js');
      await run(toolNode(), [electronVite, 'build', '--outDir', work], { cwd: root, env: toolEnv() });
      await renderIcons(join(work, 'icons'));
      writeFileSync(join(work, '.built'), '');
      // What changed while we were building is for the next build.
      utimesSync(join(work, '.built'), startedAt, startedAt);
      if (existsSync(out)) renameSync(out, old);
      renameSync(work, out);
    } finally {
      for (const left of [work, old]) rmSync(left, { recursive: true, force: true });
    }
  });
}

/**
 * The newest change under a path. A folder's own time tells of files that were removed.
 * @param {string} path
 * @returns {number}
 */
function newestMs(path) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  return readdirSync(path).reduce((newest, name) => Math.max(newest, newestMs(join(path, name))), stats.mtimeMs);
}

if (isMain(import.meta.url)) await runMain(build);
