// The contract of Ports, kept between Electron's main process and a real utility process.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { build } from 'vite';
import { runtime } from '../../scripts/runtime.mjs';
import { tempDir } from '../support/temp-dir.ts';
import { portPromises, portPromisesOfDeath } from '../transport/port-promises.ts';

const program = (name: string) => path.join(import.meta.dirname, `${name}.ts`);

test('a Port to a utility process keeps every promise of Ports', async () => {
  const dir = tempDir();
  await build({
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: true,
      outDir: dir,
      target: 'node18',
      rollupOptions: {
        input: [program('utility-port-main'), program('utility-port-end')],
        external: ['electron'],
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  });
  const { electronPath, env } = runtime();
  const { stdout } = await promisify(execFile)(electronPath, [path.join(dir, 'utility-port-main.cjs')], {
    env: { ...process.env, ...env },
    timeout: 90_000,
  });
  const told = stdout.split('\n').flatMap((line): unknown[] => (line.startsWith('{') ? [JSON.parse(line)] : []));
  const all = Object.keys({ ...portPromises, ...portPromisesOfDeath });
  expect(told).toEqual(all.map((promise) => ({ promise, error: null })));
});
