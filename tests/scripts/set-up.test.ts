// The set-up and the scripts around it, run as a person would run them.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runtime } from '../../scripts/runtime.mjs';
import { root } from '../../scripts/setup/paths.mjs';

let dir: string;
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), 'sluice-'))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const script = (name: string) => join(root, 'scripts', name);

test('does nothing, and that within a second, when everything is there', async () => {
  const startedAt = performance.now();
  const { stderr, stdout } = await execa(process.execPath, [script('setup.mjs')]);
  expect(performance.now() - startedAt).toBeLessThan(1000);
  expect(stderr).toMatch(/^Set up \(\d\.\d s\)\.$/);
  expect(stdout).toBe('');
});

test('names an Electron that starts and says its version', async () => {
  const { electronPath, env, version } = runtime();
  const { stdout } = await execa(electronPath, ['--version'], { env });
  expect(stdout).toBe(`v${version}`);
});

test.runIf(process.platform === 'linux')(
  'runs an app in that Electron with its own name, folder and arguments',
  async () => {
    writeFileSync(join(dir, 'package.json'), JSON.stringify({ name: 'tried', version: '4.5.6', main: 'main.cjs' }));
    writeFileSync(
      join(dir, 'main.cjs'),
      `const { app } = require('electron');
     const { argv, defaultApp } = process;
     process.stdout.write(JSON.stringify({ name: app.getName(), version: app.getVersion(), packaged: app.isPackaged, userData: app.getPath('userData'), defaultApp, last: argv.at(-1) }));
     app.exit(7);`,
    );
    const { electronPath, env } = runtime();
    const userData = join(dir, 'user data');
    const run = await execa(electronPath, [`--user-data-dir=${userData}`, '--headless', dir, '--asked'], {
      env,
      reject: false,
    });
    expect(JSON.parse(run.stdout)).toEqual({
      name: 'tried',
      version: '4.5.6',
      packaged: false,
      userData,
      defaultApp: true,
      last: '--asked',
    });
    expect(run.exitCode).toBe(7);
  },
);

test('the fallback Electron holds nothing of the program it came with', () => {
  const { dist, fallback } = runtime();
  expect(existsSync(join(dist, 'resources', 'app'))).toBe(false);
  expect(existsSync(join(dist, 'resources', 'app.asar'))).toBe(false);
  if (fallback) expect(existsSync(join(dist, 'LICENSE'))).toBe(true);
});
