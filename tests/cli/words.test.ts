import { expect, test } from 'vitest';
import { parseCommand, UsageError } from '../../main/cli/options.ts';
import { commandWords, probablyDownloads } from '../../main/cli/words.ts';

test('a worker starts ahead of time for addresses and lists, with whatever options', () => {
  expect(probablyDownloads(['https://host.example/a'])).toBe(true);
  expect(probablyDownloads(['--dir', '/somewhere', '--exit', 'list.txt'])).toBe(true);
  expect(probablyDownloads(['--exit'])).toBe(true);
});

test('no worker starts ahead of time for help and for commands, wherever they stand', () => {
  for (const words of [[], ['-h'], ['--version'], ['add', 'https://host.example/a'], ['--data', 'here', 'list']])
    expect(probablyDownloads(words)).toBe(false);
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
