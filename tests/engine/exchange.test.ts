// The list as a file, from the engine that has it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Engine } from '../../main/engine/engine.ts';
import { listFromJson } from '../../main/engine/list-export.ts';
import { tempDir } from '../support/temp-dir.ts';
import { fakeWorkers } from './fake-worker.ts';

test('a list as JSON has all that was asked for with each download', async () => {
  const dir = tempDir();
  const overrides = { dir: join(dir, 'files') };
  const engine = new Engine({ dataDir: join(dir, 'data'), spawnWorker: fakeWorkers().spawn, overrides });
  onTestFinished(() => engine.close());
  const download = {
    url: 'http://a.test/f',
    mirrors: ['http://b.test/f'],
    name: 'other.bin',
    checksum: { algorithm: 'md5' as const, hex: '0a'.repeat(16) },
    headers: { 'x-open': 'yes' },
    limitBytesPerS: 4096,
    connections: 2,
    priority: 'low' as const,
  };
  await engine.adding.add([download], { producer: 'test' });
  const file = join(dir, 'list.json');
  await engine.handlers.exportList({ file, format: 'json', secrets: true });
  expect(listFromJson(readFileSync(file, 'utf8'))).toEqual([{ line: 2, download }]);
});
