// Disks that are full, broken or read-only, and part files that others lay hands on: exact or clearly failed.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { contentBytes, seededContent, startOrigin, type Origin } from '../support/origin.ts';
import { tempDir } from '../support/temp-dir.ts';
import { sluice } from './cli-program.ts';
import { keepMark, MARK } from '../support/mark.ts';
import { runTraced, testWithStrace } from './faults-support.ts';

const sizeBytes = 3_000_000;
const content = contentBytes(seededContent(sizeBytes), 0, sizeBytes);

let data: string;
let files: string;
let part: string;
let file: string;

beforeEach(() => {
  const dir = tempDir();
  data = path.join(dir, 'data');
  files = path.join(dir, 'files');
  part = path.join(files, `f.bin.${MARK}-1.sluice-part`);
  file = path.join(files, 'f.bin');
  keepMark(data);
});

async function origin(behaviour: Record<string, unknown> = {}): Promise<Origin> {
  const started = await startOrigin();
  onTestFinished(() => started.close());
  started.serve('/f.bin', { sizeBytes, ...behaviour });
  return started;
}

const words = (...args: string[]) => ['--data', data, '--dir', files, '--json', '--workers', '1', ...args];

function expectExact(): void {
  expect(fs.readFileSync(file).equals(content)).toBe(true);
  expect(fs.readdirSync(files)).toEqual(['f.bin']);
}

const errors = [
  ['pwrite64', 'EIO', 'disk-error'],
  ['pwrite64', 'EROFS', 'no-permission'],
  ['fdatasync', 'EIO', 'disk-error'],
  ['fsync', 'EIO', 'disk-error'],
  ['link', 'EIO', 'disk-error'],
  ['link', 'EROFS', 'no-permission'],
] as const;

for (const [call, error, code] of errors) {
  testWithStrace(`${error} at ${call} fails clearly, and the file is exact once the disk is well`, async () => {
    const server = await origin({ bytesPerS: 12_000_000 });
    const args = words('--exit', '--lane', 'direct', server.url('/f.bin'));
    const ran = await runTraced(args, { calls: call, paths: [part, file], nth: 1, error });
    expect(ran.hit).toBe(true);
    expect(ran.status).toBe(1);
    expect(ran.told.filter(({ event }) => event === 'failed')).toMatchObject([{ code }]);
    expect(fs.existsSync(file)).toBe(false);
    const again = sluice(args);
    expect(await again.ended, again.stdout()).toBe(0);
    expectExact();
  });
}

for (const [call, error, unknown] of [
  ['pwrite64', 'ENOSPC'],
  ['pwrite64', 'EDQUOT'],
  ['fdatasync', 'ENOSPC'],
  ['link', 'EDQUOT'],
  // What is written to the final name before a rename, where a file cannot have two names.
  ['write', 'ENOSPC', 'link'],
] as const) {
  testWithStrace(`${error} at ${call} pauses with the reason, and the file is exact once there is room`, async () => {
    const server = await origin({ bytesPerS: 12_000_000 });
    const args = words('--exit', '--lane', 'direct', server.url('/f.bin'));
    const fault = { calls: call, paths: [part, file], nth: 1, error, ...(unknown && { unknown }) };
    const ran = await runTraced(args, fault);
    expect(ran.hit).toBe(true);
    const waiting = ran.told.filter(({ event }) => event === 'waiting');
    expect(waiting[0]).toMatchObject({ code: 'disk-full' });
    expect(fs.existsSync(file)).toBe(false);
    const again = sluice(words('--exit', server.url('/f.bin')));
    expect(await again.ended, again.stdout()).toBe(0);
    expectExact();
  });
}

testWithStrace('where a file cannot have two names it is renamed, and never over another file', async () => {
  const server = await origin();
  fs.mkdirSync(files, { recursive: true });
  fs.writeFileSync(file, 'mine');
  const second = path.join(files, 'f (1).bin');
  const args = words('--exit', '--hash', server.url('/f.bin'));
  const parts = [part, path.join(files, `f (1).bin.${MARK}-1.sluice-part`)];
  const ran = await runTraced(args, { calls: 'link', paths: [...parts, file, second], nth: '1+', error: 'EPERM' });
  expect(ran.hit).toBe(true);
  expect(ran.status, ran.stderr).toBe(0);
  expect(fs.readFileSync(file, 'utf8')).toBe('mine');
  expect(fs.readFileSync(second).equals(content)).toBe(true);
  expect(fs.readdirSync(files).sort()).toEqual(['f (1).bin', 'f.bin']);
});

testWithStrace('no more files may be opened: it fails clearly or is tried again, and the file ends exact', async () => {
  const server = await origin();
  const args = words('--exit', server.url('/f.bin'));
  const ran = await runTraced(args, { calls: 'openat', paths: [part], nth: 1, error: 'EMFILE' });
  expect(ran.hit).toBe(true);
  if (ran.status !== 0) {
    expect(ran.told.filter(({ event }) => event === 'failed')).toMatchObject([{ code: 'too-many-open-files' }]);
    expect(await sluice(args).ended).toBe(0);
  }
  expectExact();
});

/** A small file system of its own; null where that is not allowed. */
function smallDisk(dir: string, options: string): boolean {
  try {
    fs.mkdirSync(dir, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', dir], { stdio: 'ignore' });
  } catch {
    return false;
  }
  onTestFinished(() => void execFileSync('umount', ['--lazy', dir]));
  return true;
}

const mayMount = process.platform === 'linux' && process.getuid?.() === 0 && canMount();
if (!mayMount) process.stderr.write('Tests with small disks are SKIPPED: only root may mount them.\n');
const testWithDisks = test.skipIf(!mayMount);

function canMount(): boolean {
  const dir = fs.mkdtempSync('/tmp/sluice-mount-');
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', dir], { stdio: 'ignore' });
    execFileSync('umount', [dir]);
    return true;
  } catch {
    return false;
  } finally {
    fs.rmdirSync(dir);
  }
}

testWithDisks('a disk that fills up while it downloads: it waits, and goes on when there is room', async () => {
  smallDisk(files, 'size=5m');
  const server = await origin({ bytesPerS: 600_000 });
  const program = sluice(words('--connections', '2', server.url('/f.bin')));
  await server.served('/f.bin', 700_000);
  const other = path.join(files, 'other');
  fs.writeFileSync(other, '');
  try {
    for (;;) fs.appendFileSync(other, Buffer.alloc(65_536));
  } catch {
    // Full.
  }
  await program.until(({ event, code }) => event === 'waiting' && code === 'disk-full');
  fs.rmSync(other);
  server.serve('/f.bin', { sizeBytes });
  await program.until(({ event }) => event === 'done');
  program.child.kill('SIGTERM');
  await program.ended;
  expectExact();
});

testWithDisks('a read-only or full data directory is named, and nothing is begun', async () => {
  const server = await origin();
  smallDisk(data, 'size=1m,ro');
  const readOnly = sluice(words('--exit', server.url('/f.bin')));
  expect(await readOnly.ended).not.toBe(0);
  expect(readOnly.stderr()).toMatch(/^sluice: The list cannot be opened .*\n$/);
  data = path.join(path.dirname(data), 'full');
  smallDisk(data, 'size=64k');
  try {
    for (let n = 0; ; n++) fs.writeFileSync(path.join(data, `filling${n}`), Buffer.alloc(4096));
  } catch {
    // Full.
  }
  const full = sluice(words('--exit', server.url('/f.bin')));
  expect(await full.ended).not.toBe(0);
  expect(full.stderr()).toMatch(/^sluice: The list cannot be opened .*\n$/);
  expect(server.requests('/f.bin')).toHaveLength(0);
});

const hands: [string, () => void][] = [
  ['deleted', () => fs.rmSync(part)],
  ['cut', () => fs.truncateSync(part, 100_000)],
  ['emptied', () => fs.truncateSync(part, 0)],
  ['made longer', () => fs.appendFileSync(part, Buffer.alloc(9_000_000, 1))],
  ['replaced by a folder', () => (fs.rmSync(part), fs.mkdirSync(part))],
  ['replaced by a link to another file', () => linkElsewhere()],
  ['replaced by another file of its length', () => putAnother()],
];

function putAnother(): void {
  const { size } = fs.statSync(part);
  fs.rmSync(part);
  fs.writeFileSync(part, Buffer.alloc(size, 7));
}

function linkElsewhere(): void {
  const elsewhere = path.join(path.dirname(files), 'elsewhere');
  fs.writeFileSync(elsewhere, Buffer.alloc(sizeBytes, 7));
  fs.rmSync(part);
  fs.symlinkSync(elsewhere, part);
}

const leavings = [
  ['"v1"', 'SIGTERM'],
  ['"v1"', 'SIGKILL'],
  [null, 'SIGTERM'],
] as const;
for (const [etag, signal] of leavings) {
  for (const [how, act] of hands) {
    test(`a part file ${how} after ${signal} ends exact or clearly failed (${etag ? 'with' : 'without'} a validator)`, async () => {
      const server = await origin({ bytesPerS: 1_500_000, etag });
      const first = sluice(words('--connections', '1', server.url('/f.bin')));
      await server.served('/f.bin', 1_200_000);
      first.child.kill(signal);
      await first.ended;
      act();
      server.serve('/f.bin', { sizeBytes, etag });
      const again = sluice(words('--exit', server.url('/f.bin')));
      if ((await again.ended) === 0) expect(fs.readFileSync(file).equals(content)).toBe(true);
      else {
        expect(how, again.stdout()).toBe('replaced by a folder');
        expect(again.told.filter(({ event }) => event === 'failed')).toHaveLength(1);
        expect(fs.existsSync(file)).toBe(false);
      }
      const elsewhere = path.join(path.dirname(files), 'elsewhere');
      if (fs.existsSync(elsewhere)) expect(fs.readFileSync(elsewhere).equals(Buffer.alloc(sizeBytes, 7))).toBe(true);
    });
  }
}
