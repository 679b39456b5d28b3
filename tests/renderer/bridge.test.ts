// The Bridge as the window's classes have it: whatever happens, there is an answer that a person can read.
import { expect, test } from 'vitest';
import { guard } from '../../renderer/state/bridge.ts';
import { wordsIn } from '../../renderer/words.ts';
import { refusal } from '../../shared/answer.ts';
import { createFormat } from '../../shared/format.ts';
import type { Language } from '../../shared/language.ts';
import { because } from '../../shared/why.ts';
import { FakeBridge } from './fake-bridge.ts';

test('an error is in the language of when it is read, one of an engine that is gone, too', async () => {
  const fake = new FakeBridge();
  fake.answers = { settings: () => refusal('not-done', because('not-done')) };
  let language: Language = 'en';
  const bridge = guard(fake, () => wordsIn(language, createFormat(language)));
  const refused = await bridge.call('settings', null);
  fake.gate = Promise.reject(new Error());
  const gone = await bridge.call('settings', null);
  const said = () => [refused, gone].map((answer) => (answer.ok ? null : answer.error.message));
  expect(said()).toEqual(['It is not finished yet.', wordsIn('en', createFormat('en')).bridgeGone]);
  language = 'zh-CN';
  expect(said()).toEqual(['尚未完成。', wordsIn('zh-CN', createFormat('zh-CN')).bridgeGone]);
});
