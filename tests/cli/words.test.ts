import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseCommand, UsageError } from '../../main/cli/options.ts';
import { commandWords, probablyDownloads, probablySecure } from '../../main/cli/words.ts';
import { tempDir } from '../support/temp-dir.ts';

test('a worker starts ahead of time for addresses and lists, with whatever options', () => {
  expect(probablyDownloads(['https://host.example/a'])).toBe(true);
  expect(probablyDownloads(['--dir', '/somewhere', '--exit', 'list.txt'])).toBe(true);
  expect(probablyDownloads(['--exit'])).toBe(true);
});

test('no worker starts ahead of time for help and for commands, wherever they stand', () => {
  for (const words of [[], ['-h'], ['--version'], ['add', 'https://host.example/a'], ['--data', 'here', 'list']])
    expect(probablyDownloads(words)).toBe(false);
});

test('TLS is got ready for addresses that take it, and for lists that begin with one', () => {
  const dir = tempDir();
  const list = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  const secure = list('secure.txt', 'https://host.example/a\nhttp://host.example/b\n');
  for (const words of [
    ['HTTPS://host.example/a'],
    ['--dir', dir, 'http://host.example/a', 'https://b.example'],
    [secure],
  ])
    expect(probablySecure(words)).toBe(true);
  const plain = list('plain.txt', 'http://host.example/a\n');
  for (const words of [
    [],
    ['--exit', plain],
    [list('short', 'ht')],
    [list('empty', '')],
    [dir],
    [join(dir, 'none')],
    ['a\0b'],
  ])
    expect(probablySecure(words)).toBe(false);
});

test.each(commandWords)('%s is no download', (word) => {
  const kind = (): string => {
    try {
      return parseCommand([word]).kind;
    } catch (error) {
      if (error instanceof UsageError) return 'lacks something';
      throw error;
    }
  };
  expect(kind()).not.toBe('download');
});
