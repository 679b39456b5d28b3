#!/usr/bin/env node
// `npm run dist [-- --to DIR] [TARGET...]`: packages for this system, as many as this machine can make or those named, into dist/.
import { copyFileSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { runtime } from './runtime.mjs';
import { setup } from './setup.mjs';
import { ensurePackers, findProgram } from './setup/debian.mjs';
import { isMain, runMain } from './setup/main.mjs';
import { modules, root, toolEnv, toolNode } from './setup/paths.mjs';
import { run, say, step } from './setup/step.mjs';

/** @typedef {import('./runtime.mjs').Runtime} Runtime */

/**
 * What this machine can make, and what it leaves out and why.
 * @param {Runtime} electron
 * @returns {{ make: string[], leftOut: string[] }} nothing in `make`: all that electron-builder.yml names
 */
function targets(electron) {
  if (!electron.fallback) return { make: [], leftOut: [] };
  const make = ['dir', 'tar.gz', 'zip'];
  const leftOut = [
    "AppImage: its runtime cannot be fetched here, only on a machine that reaches Electron's own download",
  ];
  for (const [target, program, debianName] of /** @type {const} */ ([
    ['deb', 'dpkg-deb', 'dpkg'],
    ['rpm', 'rpmbuild', 'rpm'],
  ])) {
    if (findProgram(program)) make.push(target);
    else leftOut.push(`${target}: needs ${program} (apt-get install ${debianName})`);
  }
  return { make, leftOut };
}

/**
 * Where the stand-in Electron is used, electron-builder cannot fetch its tools either: it gets the system's.
 * @param {Runtime} electron
 */
function builderEnv(electron) {
  if (!electron.fallback) return toolEnv();
  return {
    ...toolEnv(),
    CUSTOM_FPM_PATH: join(root, 'scripts', 'dist', 'fpm.mjs'),
    ELECTRON_BUILDER_7ZIP_PATH: findProgram('7za') ?? '7za',
    ELECTRON_BUILDER_COMPRESSION_LEVEL: '1',
  };
}

/**
 * The stand-in cannot load better-sqlite3's own binding: the compiled one goes along, into resources/.
 * @param {Runtime} electron
 */
function placeBinding(electron) {
  const folder = join(root, 'out', 'native');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const binding = electron.env.SLUICE_SQLITE_BINDING;
  if (binding) copyFileSync(binding, join(folder, 'better_sqlite3.node'));
}

function platformSwitch() {
  if (process.platform === 'darwin') return '--mac';
  return process.platform === 'win32' ? '--win' : '--linux';
}

if (isMain(import.meta.url)) {
  await runMain(async () => {
    const { values, positionals } = parseArgs({
      options: { to: { type: 'string', default: 'dist' } },
      allowPositionals: true,
    });
    const folder = resolve(root, values.to);
    await setup();
    await build();
    const electron = runtime();
    const { make, leftOut } = targets(electron);
    const asked = positionals.length > 0 ? positionals : make;
    if (electron.fallback && asked.some((target) => /zip|tar|7z/.test(target))) await ensurePackers();
    placeBinding(electron);
    const options = [`-c.directories.output=${folder}`];
    if (electron.fallback) options.push(`-c.electronDist=${electron.dist}`, `-c.electronVersion=${electron.version}`);
    if (asked.length > 0) options.push(platformSwitch(), ...asked);
    const builder = join(modules, 'electron-builder', 'cli.js');
    const env = builderEnv(electron);
    await step('Packing', () => run(toolNode(), [builder, '--publish', 'never', ...options], { cwd: root, env }));
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) say(`${path}/`);
      else if (!/\.(ya?ml|blockmap)$/.test(entry.name))
        say(`${path}  ${(statSync(path).size / 2 ** 20).toFixed(1)} MiB`);
    }
    for (const line of positionals.length > 0 ? [] : leftOut) say(`not made: ${line}`);
    if (electron.fallback) {
      say(
        `\nThese hold Electron ${electron.version}, the stand-in of this machine: they are for testing the packaging.\n` +
          'A release is built where the current Electron can be fetched.',
      );
    }
  });
}
