import { expect, test } from 'vitest';
import { answer, ApiError } from '../../shared/answer.ts';
import { shellCalls, type ShellHandlers } from '../../shared/shell-api.ts';

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

test('a call of any table is parsed, run and wrapped', async () => {
  expect(await answer(shellCalls, handlers, 'copyText', { text: 'x' })).toEqual({ ok: true, value: null });
  expect(copied).toEqual(['x']);
});

test('what is wrong is an answer, never a throw', async () => {
  const code = async (name: string, arg: unknown) => {
    const result = await answer(shellCalls, handlers, name, arg);
    return result.ok ? 'ok' : result.error.code;
  };
  expect(await code('constructor', null)).toBe('unknown-call');
  expect(await code('copyText', { text: 5 })).toBe('bad-argument');
  expect(await code('openFile', { id: 1 })).toBe('not-done');
  expect(await code('showInFolder', { id: 1 })).toBe('internal');
});
