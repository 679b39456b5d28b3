#!/usr/bin/env node
// `npm run setup`: brings everything that Sluice needs to start, test and build. Done twice it does nothing.
import { ensureElectronLibraries } from './setup/debian.mjs';
import { ensureElectron } from './setup/electron.mjs';
import { ensurePackages } from './setup/packages.mjs';
import { ensureBinding } from './setup/sqlite.mjs';
import { withLock } from './setup/lock.mjs';
import { isMain, runMain } from './setup/main.mjs';
import { say } from './setup/step.mjs';

/**
 * Sets up the checkout, and with `window` also Electron and what it needs.
 * @param {{ window?: boolean, retry?: boolean }} [options] retry: try Electron's own download again where the stand-in is in use
 */
export async function setup({ window = true, retry = false } = {}) {
  await withLock(async () => {
    await ensurePackages();
    if (!window) return;
    await ensureElectronLibraries();
    const electron = await ensureElectron({ retry });
    if (electron.fallback) await ensureBinding();
  });
}

if (isMain(import.meta.url)) {
  await runMain(async () => {
    const startedAt = Date.now();
    await setup({ retry: process.argv.includes('--retry') });
    say(`Set up (${((Date.now() - startedAt) / 1000).toFixed(1)} s).`);
  });
}
