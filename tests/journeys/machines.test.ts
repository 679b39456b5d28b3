// Three machines work for a fourth over TLS, each in a network namespace of its own, and nearly all goes wrong.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { contentSha256, seededContent, startOrigin } from '../support/origin.ts';
import { tempDir } from '../support/temp-dir.ts';
import { sluice, type Program, type Told } from './cli-program.ts';
import { makeNamespaces, namespacesRefused } from './network-namespaces.ts';

const FILES = 300;
const SIZE_BYTES = 20_000;
/** So slow that the work outlasts every blow. */
const BYTES_PER_S = 25_000;
const CUT_MS = 15_000;

const refused = namespacesRefused();
if (refused !== null) console.warn(`The journey of three machines is SKIPPED: ${refused}.`);

const sha256 = (file: string) => createHash('sha256').update(fs.readFileSync(file)).digest('hex');
const times = (program: Program, event: string) => program.told.filter((told) => told.event === event).length;

test.skipIf(refused !== null)(
  'one machine dies, one is cut off and comes back, the coordinator dies: every file exact, every result once',
  async () => {
    const dir = tempDir();
    const data = path.join(dir, 'data');
    const key = path.join(dir, 'key');
    fs.writeFileSync(key, 'open sesame\n');
    const machines = makeNamespaces(3);
    const [{ gateway }] = machines as [(typeof machines)[0]];
    const origin = await startOrigin({ host: '0.0.0.0' });
    onTestFinished(() => origin.close());
    const urls = Array.from({ length: FILES }, (_, n) => {
      origin.serve(`/f${n}.bin`, { sizeBytes: SIZE_BYTES + n, seed: n, bytesPerS: BYTES_PER_S });
      return origin.url(`/f${n}.bin`, gateway);
    });

    const serve = (port: number) =>
      sluice([
        ...['serve', '--json', '--workers', '0', '--data', data, '--dir', path.join(dir, 'files')],
        ...['--listen', `0.0.0.0:${port}`, '--authkey-file', key, '--connections', '2'],
      ]);
    const listening = (program: Program) => program.until(({ event }) => event === 'listening');
    const first = serve(0);
    const { port, fingerprint } = (await listening(first)) as Told & { port: number; fingerprint: string };
    const workers = machines.map((machine, n) =>
      sluice(
        [
          ...['worker', '--connect', `${machine.gateway}:${port}`, '--fingerprint', fingerprint],
          ...['--authkey-file', key, '--dir', path.join(dir, `machine-${n}`), '--parallel', '4', '--json'],
        ],
        { within: machine.within, env: { NO_PROXY: '*', no_proxy: '*' } },
      ),
    );
    const [steady, doomed, distant] = workers as [Program, Program, Program];
    await Promise.all(workers.map(({ until }) => until(({ event }) => event === 'joined')));
    expect(await sluice(['add', '--data', data, '--dir', path.join(dir, 'files'), ...urls]).ended).toBe(0);

    await expect.poll(() => times(first, 'done'), { timeout: 20_000 }).toBeGreaterThan(20);
    doomed.child.kill('SIGKILL');
    machines[2]!.cut();
    await pause(CUT_MS);
    machines[2]!.mend();
    await expect.poll(() => times(distant, 'joined'), { timeout: 20_000 }).toBe(2);
    expect(times(first, 'done')).toBeLessThan(FILES);

    const doneBefore = times(first, 'done');
    await expect.poll(() => times(first, 'done'), { timeout: 20_000 }).toBeGreaterThan(doneBefore + 10);
    first.child.kill('SIGKILL');
    expect(await first.ended).toBe('SIGKILL');
    const second = serve(port);
    await listening(second);
    await Promise.all([
      expect.poll(() => times(steady, 'joined'), { timeout: 20_000 }).toBe(2),
      expect.poll(() => times(distant, 'joined'), { timeout: 20_000 }).toBe(3),
    ]);
    const list = async () => {
      const asked = sluice(['list', '--json', '--data', data]);
      await asked.ended;
      return asked.told.map(({ status }) => status);
    };
    await expect.poll(list, { timeout: 40_000, interval: 1000 }).toEqual(Array(FILES).fill('done'));
    second.child.kill('SIGTERM');
    expect(await second.ended).toBe(0);

    const told = [...first.told, ...second.told].filter(({ event }) => event === 'done').map(({ url }) => url);
    expect(new Set(told).size).toBe(told.length);
    const db = new Database(path.join(data, 'sluice.db'), { readonly: true });
    const results = db.prepare(`SELECT count(*) AS count FROM results WHERE outcome = 'done' GROUP BY download_id`);
    expect(results.pluck().all()).toEqual(Array(FILES).fill(1));
    const kept = db.prepare('SELECT url, kept_at AS file, sha256, fetched_by AS machine FROM downloads').all() as {
      url: string;
      file: string;
      sha256: string;
      machine: string;
    }[];
    db.close();

    const contentOf = (name: string) => {
      expect(name).toMatch(/^f\d+\.bin$/);
      const n = Number(/\d+/.exec(name)![0]);
      return contentSha256(seededContent(SIZE_BYTES + n, n));
    };
    for (const one of kept) {
      expect(path.basename(one.file)).toBe(path.posix.basename(one.url));
      expect([sha256(one.file), one.sha256], one.file).toEqual(Array(2).fill(contentOf(path.basename(one.file))));
    }
    expect(new Set(kept.map(({ file }) => file)).size).toBe(FILES);
    const folders = machines.map((_, n) => path.join(dir, `machine-${n}`));
    const homes = new Map(kept.map(({ machine, file }) => [machine, path.dirname(file)]));
    expect([...homes.values()].sort()).toEqual(folders);
    for (const { machine, file } of kept) expect(path.dirname(file)).toBe(homes.get(machine));
    // Whatever else a machine has was cut short, or finished when nobody could be told: whole then, under its own name.
    for (const folder of folders) {
      for (const name of fs.readdirSync(folder).filter((one) => !one.endsWith('.sluice-part'))) {
        expect(sha256(path.join(folder, name)), `${folder}/${name}`).toBe(contentOf(name));
      }
    }
  },
);
