import { beforeEach, expect, test } from 'vitest';
import { Preferences } from '../../renderer/state/preferences.svelte.ts';
import { defaultSettings, type SettingsChange } from '../../shared/settings.ts';
import { FakeBridge } from './fake-bridge.ts';

let bridge: FakeBridge;
let preferences: Preferences;

beforeEach(() => {
  bridge = new FakeBridge();
  bridge.answers = {
    about: () => ({ locale: 'en-IN', version: '1.2.3', platform: 'darwin' }),
    settings: () => defaultSettings,
    changeSettings: (change: SettingsChange) => ({ ...defaultSettings, ...change }),
  };
  preferences = new Preferences(bridge);
});

test('words follow the language, and numbers the reader’s own way to write them', async () => {
  await preferences.load();
  expect([preferences.language, preferences.version]).toEqual(['en', '1.2.3']);
  expect(preferences.format.count(1_234_567)).toBe('12,34,567');
  await preferences.change({ language: 'zh-CN' });
  expect(preferences.words.all).toBe('全部');
  expect(preferences.format.count(1_234_567)).toBe('1,234,567');
});

test('a change that is refused changes nothing, and its answer says why', async () => {
  await preferences.load();
  bridge.answers['changeSettings'] = () => new Error('no');
  const answer = await preferences.change({ language: 'zh-CN' });
  expect(answer).toEqual({ ok: false, error: { code: 'internal', message: 'no' } });
  expect(preferences.settings).toEqual(defaultSettings);
});

test('without an answer there are the defaults, in the language of the system that is known so far', async () => {
  bridge.answers['settings'] = () => new Error('gone');
  await preferences.load();
  expect([preferences.settings, preferences.language]).toEqual([defaultSettings, 'en']);
});

test('keys are written as the system writes them', async () => {
  expect(preferences.keys('Ctrl V')).toBe('Ctrl V');
  await preferences.load();
  expect(['Ctrl V', 'Alt ↑ ↓', 'Space'].map((keys) => preferences.keys(keys))).toEqual(['⌘V', '⌥↑ ↓', 'Space']);
});
