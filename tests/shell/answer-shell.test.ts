import { expect, test } from 'vitest';
import { ApiError } from '../../shared/api.ts';
import type { ShellHandlers } from '../../shared/shell-api.ts';
import { answerShell } from '../../main/shell/answer-shell.ts';

const copied: string[] = [];
const handlers = {
  copyText: ({ text }: { text: string }) => {
    copied.push(text);
    return null;
  },
  openFile: () => {
    throw new ApiError('not-done', 'It is not finished yet.');
  },
  showInFolder: () => {
    throw new TypeError('a bug');
  },
} as unknown as ShellHandlers;

test('a call is parsed, run and wrapped', async () => {
  expect(await answerShell(handlers, 'copyText', { text: 'x' })).toEqual({ ok: true, value: null });
  expect(copied).toEqual(['x']);
});

test('what is wrong is an answer, never a throw', async () => {
  const code = async (name: string, arg: unknown) => {
    const answer = await answerShell(handlers, name, arg);
    return answer.ok ? 'ok' : answer.error.code;
  };
  expect(await code('constructor', null)).toBe('unknown-call');
  expect(await code('copyText', { text: 5 })).toBe('bad-argument');
  expect(await code('openFile', { id: 1 })).toBe('not-done');
  expect(await code('showInFolder', { id: 1 })).toBe('internal');
});
