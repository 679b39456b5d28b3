import { expect, test } from 'vitest';
import { answer, refusal } from '../../shared/answer.ts';
import { shellCalls, type ShellHandlers } from '../../shared/shell-api.ts';
import { because } from '../../shared/why.ts';
import { expectSaid } from '../support/said.ts';

const copied: string[] = [];
const handlers = {
  copyText: ({ text }: { text: string }) => {
    copied.push(text);
    return null;
  },
  openFile: () => {
    throw refusal('not-done', because('not-done'));
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
    if (result.ok) return 'ok';
    expectSaid(result.error);
    return result.error.code;
  };
  expect(await code('constructor', null)).toBe('unknown-call');
  expect(await code('copyText', { text: 5 })).toBe('bad-argument');
  expect(await code('openFile', { id: 1 })).toBe('not-done');
  expect(await code('showInFolder', { id: 1 })).toBe('internal');
});
