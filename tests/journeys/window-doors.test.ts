// The doors as the window has them: said below, opened by the settings, with the key hidden until asked for.
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import type { Coordination } from '../../shared/coordination.ts';
import { contentBytes, seededContent } from '../support/origin.ts';
import { originForTest } from '../support/start.ts';
import { tempDir } from '../support/temp-dir.ts';
import { sluice } from './cli-program.ts';
import { startSluice, type Sluice } from './window-program.ts';

const run = promisify(execFile);

async function doors({ page }: Sluice, fits: (doors: Coordination) => boolean): Promise<Coordination> {
  let found: Coordination | undefined;
  await expect
    .poll(
      async () => {
        const answer = await page.evaluate(() => window.sluice.shell('coordination', null));
        if (answer.ok) found = answer.value;
        return answer.ok && fits(answer.value);
      },
      { timeout: 20_000 },
    )
    .toBe(true);
  return found!;
}

test('a machine joins with the command and the key that the window shows, and is among the machines', async () => {
  const program = await startSluice();
  const { page, data } = program;
  const { coordinator } = await doors(program, (now) => now.coordinator !== null);
  const { host, port } = coordinator!;
  expect(host).toBe('127.0.0.1');
  await page.getByText(`Coordinator on 127.0.0.1:${port}`, { exact: true }).waitFor();
  await page.getByRole('navigation').getByRole('button', { name: 'Machines' }).click();
  await page.getByText(`sluice worker --connect 127.0.0.1:${port} --authkey-file key`, { exact: true }).waitFor();
  const secret = fs.readFileSync(path.join(data, 'authkey'), 'utf8').trim();
  expect(await page.locator('body').innerText()).not.toContain(secret);
  await page.getByRole('button', { name: 'Show', exact: true }).first().click();
  const shown = await page.getByText(secret, { exact: true }).innerText();

  const dir = tempDir();
  const key = path.join(dir, 'key');
  fs.writeFileSync(key, `${shown}\n`);
  const to = ['--connect', `127.0.0.1:${port}`, '--authkey-file', key];
  const wrong = path.join(dir, 'wrong');
  fs.writeFileSync(wrong, 'a guess\n');
  const guess = ['--connect', `127.0.0.1:${port}`, '--authkey-file', wrong];
  expect(await sluice(['worker', ...guess, '--dir', dir]).ended).toBe(1);
  await page.getByText('0 connected, 1 wrong key so far', { exact: true }).waitFor();
  const worker = sluice(['worker', ...to, '--dir', dir, '--json']);
  await worker.until(({ event }) => event === 'joined');
  await doors(program, (now) => now.coordinator?.counts.guests === 1);
  await page.getByText('No other machine has joined yet.').waitFor({ state: 'detached' });
  expect(await page.getByText(os.hostname(), { exact: true }).count()).toBe(2);

  // Traffic tells of it, too, and of who did not get in.
  const rooms = page.getByRole('navigation');
  await rooms.getByRole('button', { name: 'Traffic' }).click();
  const peers = page.getByRole('group', { name: 'Peers' });
  const peer = peers.locator('.peer');
  await expect.poll(() => peer.allInnerTexts()).toHaveLength(1);
  expect((await peer.innerText()).split('\n')).toEqual([os.hostname(), '127.0.0.1', expect.stringMatching(/^\d/)]);
  await peers.getByText('0 not logged in, 1 wrong key', { exact: true }).waitFor();
  await rooms.getByRole('button', { name: 'Machines' }).click();

  const orders = page.getByRole('group', { name: `What ${os.hostname()} is to do` });

  await page.getByRole('group', { name: 'What this computer is to do' }).getByRole('button', { name: 'Pause' }).click();
  const origin = await originForTest();
  origin.serve('/far.bin', { sizeBytes: 5000, seed: 1 });
  await page.evaluate((url) => window.sluice.call('add', { downloads: [{ url }] }), origin.url('/far.bin'));
  await page.getByText('1 done, 5.00 kB', { exact: true }).waitFor();
  await page.getByText(`node ${process.versions.node}`, { exact: true }).waitFor();
  await orders.getByRole('button', { name: 'What it downloaded' }).click();
  await page.getByText(path.join(dir, 'far.bin'), { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Copy', exact: true }).first().click();
  const copied = await page.evaluate(() => window.sluice.shell('readClipboard', null));
  expect(copied).toMatchObject({ value: { text: `sluice worker --connect 127.0.0.1:${port} --authkey-file key` } });
  await page
    .getByRole('group', { name: 'What this computer is to do' })
    .getByRole('button', { name: 'Let it work' })
    .click();

  await orders.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('main').getByText('Paused', { exact: true }).waitFor();
  await orders.getByRole('button', { name: 'Let it work' }).click();
  await page.getByRole('main').getByText('Working', { exact: true }).waitFor();
  await orders.getByRole('button', { name: 'Remove' }).click();
  expect(await worker.ended).toBe(1);
  expect(worker.stderr()).toMatch(/has removed this machine/);
  await orders.getByRole('button', { name: 'Let it in again' }).click();
  await page.getByRole('main').getByText('Not here', { exact: true }).waitFor();
  await orders.getByRole('button', { name: 'Forget' }).click();
  await page.getByText('No other machine has joined yet.').waitFor();
  await program.close();
});

test('what a machine sends back stands in the folder of the window, and is hashed in a thread', async () => {
  const program = await startSluice();
  const { page, data } = program;
  const { coordinator } = await doors(program, (now) => now.coordinator !== null);
  await page.evaluate(() => window.sluice.call('changeMachine', { place: '', to: 'pause' }));
  const dir = tempDir();
  const to = ['--connect', `127.0.0.1:${coordinator!.port}`, '--authkey-file', path.join(data, 'authkey')];
  const worker = sluice(['worker', ...to, '--dir', dir, '--json', '--send-back']);
  await worker.until(({ event }) => event === 'joined');
  const origin = await originForTest();
  origin.serve('/back.bin', { sizeBytes: 500_000, seed: 1 });
  await page.evaluate((url) => window.sluice.call('add', { downloads: [{ url }] }), origin.url('/back.bin'));
  const done = async () => {
    const answer = await page.evaluate(() => window.sluice.call('overview', null));
    return answer.ok && answer.value.counts.done;
  };
  await expect.poll(done, { timeout: 20_000 }).toBe(1);
  const came = fs.readFileSync(path.join(program.dir, 'back.bin'));
  expect(came.equals(contentBytes(seededContent(500_000, 1)))).toBe(true);
  const traffic = await page.evaluate(() => window.sluice.call('traffic', {}));
  if (!traffic.ok) throw new Error('The engine did not answer.');
  expect(traffic.value.threads.map(({ name }) => name)).toContain('sent back');
  await program.close();
});

test('a port that another program has is said, with the one that is taken instead, until it is not wanted', async () => {
  const other = await originForTest();
  const program = await startSluice();
  const { page } = program;
  await page.evaluate((port) => window.sluice.call('changeSettings', { coordinatorPort: port }), other.port);
  const { coordinator } = await doors(program, (now) => now.coordinator?.insteadOf === other.port);
  expect(coordinator!.port).not.toBe(other.port);
  await page.getByRole('navigation').getByRole('button', { name: 'Machines' }).click();
  const said = page.getByText(`Another program has port ${other.port} of the settings, so this is another one.`);
  await said.waitFor();
  await page.getByText(`The door is open at 127.0.0.1:${coordinator!.port}.`).waitFor();
  await page.evaluate((port) => window.sluice.call('changeSettings', { coordinatorPort: port }), coordinator!.port);
  await said.waitFor({ state: 'detached' });

  // The status line says how it stands, whatever is looked at.
  const status = page.getByRole('contentinfo');
  await status.getByText(`Coordinator on 127.0.0.1:${coordinator!.port}`).waitFor();
  await page.evaluate(() => window.sluice.call('changeSettings', { coordinatorHost: '192.0.2.1' }));
  await status.getByText('Coordinator not open').waitFor();
  expect(await status.getByTitle(/192\.0\.2\.1 is no address of this computer/).count()).toBe(1);
  await page.evaluate(() => window.sluice.call('changeSettings', { language: 'zh-CN' }));
  await status.getByText('协调器未能打开').waitFor();
  await page.getByRole('alert').filter({ hasText: '其他机器的入口未打开：192.0.2.1 不是本机的地址。' }).waitFor();
  await page.evaluate(() => window.sluice.call('changeSettings', { coordinator: false, language: 'en' }));
  await status.getByText('Coordinator off').waitFor();
  await program.close();
});

test('this computer is paused and goes on, finishes and stops, as a person tells it', async () => {
  const origin = await originForTest();
  origin.serve('/slow.bin', { sizeBytes: 3_000_000, bytesPerS: 200_000 });
  const program = await startSluice();
  const { page } = program;
  await page.evaluate((url) => window.sluice.call('add', { downloads: [{ url }] }), origin.url('/slow.bin'));
  const totals = async () => {
    const answer = await page.evaluate(() => window.sluice.call('overview', null));
    return answer.ok ? [answer.value.counts.running, answer.value.counts.queued] : [];
  };
  await expect.poll(totals, { timeout: 20_000 }).toEqual([1, 0]);
  await page.getByRole('navigation').getByRole('button', { name: 'Machines' }).click();
  const orders = page.getByRole('group', { name: 'What this computer is to do' });
  await orders.getByRole('button', { name: 'Pause' }).click();
  await page.getByText('This computer is paused', { exact: true }).waitFor();
  await expect.poll(totals, { timeout: 20_000 }).toEqual([0, 1]);
  await orders.getByRole('button', { name: 'Let it work' }).click();
  await expect.poll(totals, { timeout: 20_000 }).toEqual([1, 0]);
  await orders.getByRole('button', { name: 'Finish and stop' }).click();
  await page.getByText('This computer takes no new downloads', { exact: true }).waitFor();
  expect(await totals()).toEqual([1, 0]);
  expect(await orders.getByRole('button').allInnerTexts()).toEqual(['Let it work']);
  await program.close();
});

test('the Python door opens by its setting, takes a download, and shuts again', async () => {
  const origin = await originForTest();
  origin.serve('/py.bin', { sizeBytes: 5000 });
  const program = await startSluice();
  const { page } = program;
  const free = await originForTest();
  const pythonPort = free.port;
  await free.close();
  await page.evaluate(
    (port) => window.sluice.call('changeSettings', { pythonDoor: true, pythonPort: port }),
    pythonPort,
  );
  const { python } = await doors(program, (now) => now.python !== null);
  expect(python).toMatchObject({ host: '127.0.0.1', port: pythonPort });
  await page.getByRole('navigation').getByRole('button', { name: 'Machines' }).click();
  const lines = await page.locator('pre', { hasText: 'BaseManager' }).innerText();
  const file = path.join(tempDir(), 'program.py');
  fs.writeFileSync(file, lines.replace(/https:\/\/[^']+/, origin.url('/py.bin')));
  const { stdout } = await run('python3', [file], { timeout: 30_000 });
  expect(stdout.trim()).toBe(`${origin.url('/py.bin')}--->success`);

  // One that stays is among the peers of Traffic.
  await page.getByRole('navigation').getByRole('button', { name: 'Traffic' }).click();
  const peers = page.getByRole('group', { name: 'Peers' });
  await peers.getByText('No other machine and no program is here.').waitFor();
  const waiting = path.join(tempDir(), 'waiting.py');
  fs.writeFileSync(waiting, lines.replace(/^tasks\.put[^]*/m, 'tasks.get()'));
  const child = execFile('python3', [waiting]);
  onTestFinished(() => void child.kill());
  await peers.getByText('Python MainProcess').first().waitFor();
  child.kill();
  await peers.getByText('Python MainProcess').first().waitFor({ state: 'detached' });

  await page.getByRole('navigation').getByRole('button', { name: 'Settings' }).click();
  const said = page.locator('pre', { hasText: 'BaseManager' });
  expect(await said.innerText()).toBe(lines);
  const warning = page.getByRole('note').filter({ hasText: 'Nothing is encrypted here' });
  expect(await warning.count()).toBe(0);
  await page.getByLabel('Results as dicts for Python programs').check();
  await page.evaluate(() => window.sluice.call('changeSettings', { pythonHost: '0.0.0.0' }));
  await warning.waitFor();
  // From here on it comes in at an address of the network, where this machine has one.
  await page.getByRole('button', { name: 'Adds downloads' }).click();
  origin.serve('/dict.bin', { sizeBytes: 6000 });
  fs.writeFileSync(file, (await said.innerText()).replace(/https:\/\/[^']+/, origin.url('/dict.bin')));
  const told = (await run('python3', [file], { timeout: 30_000 })).stdout;
  expect(told).toContain(`'url': '${origin.url('/dict.bin')}', 'status': 'success'`);
  expect(told).toContain("'size': 6000");
  await page.evaluate(() => window.sluice.call('changeSettings', { pythonDoor: false, coordinator: false }));
  expect(await doors(program, (now) => now.python === null && now.coordinator === null)).toMatchObject({
    trouble: null,
  });
  await program.close();
});

test('the window helps another machine: it is found, joined with its key, sends files there, and stops', async () => {
  const origin = await originForTest();
  origin.serve('/far.bin', { sizeBytes: 300_000, seed: 5 });
  const dir = tempDir();
  const key = path.join(dir, 'key');
  fs.writeFileSync(key, 'open sesame\n');
  const there = sluice([
    ...['serve', '--json', '--workers', '0', '--data', path.join(dir, 'data'), '--dir', path.join(dir, 'files')],
    ...['--listen', '0.0.0.0:0', '--authkey-file', key, '--discoverable'],
  ]);
  const { port, fingerprint } = await there.until(({ event }) => event === 'listening');
  const program = await startSluice();
  const { page } = program;
  await page.getByRole('navigation').getByRole('button', { name: 'Machines' }).click();
  await page.getByRole('button', { name: 'Help a machine…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Help another machine' });
  await dialog.getByRole('button', { name: 'Find on the network' }).click();
  await dialog
    .getByRole('button', { name: new RegExp(`:${String(port)} ${String(fingerprint).slice(0, 16)}`) })
    .first()
    .click();
  expect(await dialog.getByLabel('Fingerprint').inputValue()).toBe(fingerprint);
  await dialog.getByLabel('Key', { exact: true }).fill('a wrong one');
  await dialog.getByLabel('Folder here').fill(path.join(dir, 'here'));
  await dialog.getByLabel('are sent to the other machine').check();
  await dialog.getByRole('button', { name: 'Start to help' }).click();
  await page.getByRole('alert').filter({ hasText: 'does not take the authkey' }).waitFor();
  await page.getByRole('button', { name: 'Help a machine…' }).click();
  await dialog.getByLabel('Key', { exact: true }).fill('open sesame');
  await dialog.getByRole('button', { name: 'Start to help' }).click();
  await page.getByText(/^Working for /).waitFor();
  const add = ['add', '--data', path.join(dir, 'data'), '--dir', path.join(dir, 'files'), origin.url('/far.bin')];
  expect(await sluice(add).ended).toBe(0);
  await there.until(({ event }) => event === 'done');
  expect(fs.readFileSync(path.join(dir, 'files', 'far.bin'))).toEqual(
    Buffer.from(contentBytes(seededContent(300_000, 5))),
  );
  expect(fs.statSync(path.join(program.data, 'helping-key')).mode & 0o777).toBe(0o600);
  expect(await page.content()).not.toContain('open sesame');
  await page.getByRole('button', { name: 'Stop helping' }).click();
  await page.getByRole('button', { name: 'Help a machine…' }).waitFor();
  await program.close();
  there.child.kill('SIGTERM');
  expect(await there.ended).toBe(0);
});
