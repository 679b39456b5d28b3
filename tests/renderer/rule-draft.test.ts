import { expect, test } from 'vitest';
import * as v from 'valibot';
import { HostRule } from '../../shared/host-rules.ts';
import { createFormat } from '../../shared/format.ts';
import { RuleDraft } from '../../renderer/state/rule-draft.svelte.ts';
import { wordsIn } from '../../renderer/words.ts';

const words = wordsIn('en', createFormat('en'));

test('a rule that was not changed is read back as it was, its secrets masked', () => {
  const rule = v.parse(HostRule, {
    host: '*.example.org',
    headers: { 'X-Key': '***' },
    referrer: 'http://page.test/',
    user: 'me',
    password: '***',
    limitBytesPerS: 1_500_000,
    connections: 2,
    insecure: true,
  });
  expect(new RuleDraft(rule).read(words)).toEqual({ ok: true, rule });
});

test('what is written wrong is said', () => {
  const draft = new RuleDraft(null);
  expect(draft.read(words)).toMatchObject({ ok: false });
  draft.host = 'example.org';
  draft.headers = 'no header';
  expect(draft.read(words)).toMatchObject({ ok: false, why: words.hosts.badHeader('no header') });
  draft.headers = 'X-A: b: c\n\n';
  draft.limitKb = 'fast';
  expect(draft.read(words)).toMatchObject({ ok: false, why: words.hosts.badNumber });
  draft.limitKb = '0.5';
  expect(draft.read(words).ok).toBe(false);
  draft.limitKb = '2';
  expect(draft.read(words)).toMatchObject({ ok: true, rule: { headers: { 'X-A': 'b: c' }, limitBytesPerS: 2000 } });
});

test('another login takes the place of the one before', () => {
  const draft = new RuleDraft(v.parse(HostRule, { host: 'a.test', user: 'me', password: '***' }));
  draft.login = 'bearer';
  draft.bearer = 't';
  expect(draft.read(words)).toMatchObject({ rule: { user: null, password: null, bearer: 't' } });
});
