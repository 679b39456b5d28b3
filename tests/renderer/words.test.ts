import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as v from 'valibot';
import { read } from '../../shared/schema.ts';
import { unfit } from '../../shared/answer.ts';
import { Categories } from '../../shared/category-list.ts';
import { eventKinds } from '../../shared/download.ts';
import { defaultSettings, Settings, SettingsChange } from '../../shared/settings.ts';
import { fail, Failure, FailureCode, saidOf } from '../../shared/failure.ts';
import { failureWhysEn } from '../../shared/failure-whys.ts';
import { HostRule, HostRules } from '../../shared/host-rules.ts';
import { systemWhy, WhyError } from '../../shared/system-why.ts';
import { rejections } from '../../shared/told.ts';
import { toldWhysEn } from '../../shared/told-whys.ts';
import { because, SAID_MAX, sentence, whysEn, type WhyCode } from '../../shared/why.ts';
import { whysZh } from '../../shared/whys-zh.ts';
import { createFormat } from '../../shared/format.ts';
import { defaultSettings as ours } from '../../renderer/state/settings-defaults.ts';
import { sections } from '../../renderer/views/settings/setting-fields.ts';
import { wordsIn } from '../../renderer/words.ts';

const renderer = join(import.meta.dirname, '../../renderer');
const sources = readdirSync(renderer, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(svelte|ts)$/.test(file) && !/^words/.test(file))
  .map((file) => readFileSync(join(renderer, file), 'utf8'))
  .join('\n');
const en = wordsIn('en', createFormat('en'));
const zh = wordsIn('zh-CN', createFormat('zh-CN'));

test('every word is used somewhere', () => {
  const section = sections.map(({ title }) => title as string);
  const unused = Object.keys(en).filter(
    (key) => !new RegExp(`words(?:\\(\\))?\\.${key}\\b`).test(sources) && !section.includes(key),
  );
  expect(unused).toEqual([]);
});

test('every word within a group is used somewhere', () => {
  // The others are looked up by codes, and their types name each code.
  const groups = [en.hosts, en.week, en.batch, en.kinds, en.elsewhere, en.helping];
  for (const group of groups) {
    expect(Object.keys(group).filter((key) => !new RegExp(`\\.${key}\\b`).test(sources))).toEqual([]);
  }
});

test('both languages have the same keys and no empty words', () => {
  expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
  for (const words of [en, zh]) {
    for (const [key, value] of Object.entries(words)) if (typeof value === 'string') expect(value, key).not.toBe('');
  }
});

test('every event is a sentence in both languages, with details and without', () => {
  for (const kind of eventKinds) {
    for (const words of [en, zh]) {
      expect(words.event[kind]({})).not.toMatch(/undefined|null|^$|: $|：$/);
      expect(words.event[kind]({ status: 429, afterMs: 2000, offset: 5, why: 'because', worker: 'worker 2' })).not.toBe(
        '',
      );
    }
  }
  expect(en.event.waiting({ status: 429, afterMs: 2000 })).toBe('Server answered 429, waiting 2\u00a0s');
  expect(en.event.retrying({ status: 429, afterMs: 2000 })).toBe('Server answered 429, waiting 2\u00a0s');
  expect(en.event.connections({ change: 'dropped', host: 'a.test' })).toBe(
    'A connection to a.test was refused or broke; the others go on',
  );
  expect(zh.event.done({ sizeBytes: 5, endTold: false })).toContain('无法确认');
  expect(zh.event.done({ sizeBytes: 5 })).not.toContain('无法确认');
  expect(zh.event['overlap-compared']({ host: 'a.test', bytes: 4096, equal: true })).toContain('a.test');
  expect(en.event.limit({ bytesPerS: null })).toBe('Speed limit taken off');
});

const valuesIn = (words: string) => (words.match(/\{\w+\}/g) ?? []).sort();
const chineseAlone =
  /^(?:[^A-Za-z{}]|a\.test|ETag|Last-Modified|Python|SHA-256|URL|https?|HTTP|Cookie|Sluice|PEM|cookies\.txt|MiB|JSON|Latin 1|socks5|--header|zip|(?:\*\.)?example\.org)+$/;

test('whatever is said of a download has words of its own in both languages', () => {
  for (const code of Object.keys(whysEn) as WhyCode[]) {
    expect(whysEn[code]).toMatch(/^[A-Za-z{.-]/);
    expect(whysZh[code], code).toMatch(/[\u4e00-\u9fff]/);
    expect(valuesIn(whysZh[code]), code).toEqual(valuesIn(whysEn[code]));
    const varying = Object.fromEntries(valuesIn(whysEn[code]).map((name, n) => [name.slice(1, -1), n + 10]));
    const detail = { ...varying, why: code, message: 'It is so.', worker: 3, host: 'a.test' };
    for (const kind of ['changed-on-server', 'worker-lost', 'mirror-dropped', 'failed'] as const) {
      const [english, chinese] = [en.event[kind](detail), zh.event[kind](detail)];
      expect(english).toContain(sentence(whysEn, code, detail));
      expect(chinese).toMatch(chineseAlone);
      for (const value of Object.values({ ...varying, ...('host' in varying && { host: 'a.test' }) }))
        expect(chinese).toContain(String(value));
    }
  }
});

test('a failure is told whole in either language, with what it was made of', () => {
  for (const why of Object.keys(failureWhysEn) as WhyCode[]) {
    // As it comes from a worker, and out of the log.
    const said = { because: 'etag-changed', was: '"1"', is: '"2"', first: 'busy', told: 'busy', host: 'a.test' };
    const rest = Object.fromEntries(valuesIn(whysEn[why]).map((name, n) => [name.slice(1, -1), n + 10]));
    const values = { ...rest, ...said, status: 503, why };
    const failure = { code: 'reset', message: 'It is so.', said: values } as const;
    expect(zh.failureFull(failure)).toMatch(chineseAlone);
    expect(zh.event.failed({ ...values, code: 'reset', message: 'It is so.' })).toBe(
      `失败：${zh.failureFull(failure)}`,
    );
  }
  const changed = because('etag-changed', { was: '"1"', is: '"2"' });
  const differs = fail('changed-on-server', because('mirror-differs', { because: changed }), 'soon');
  const all = fail(differs.code, because('mirrors-too', { first: saidOf(differs), others: 3 }), 'soon');
  expect(all.message).toBe('A mirror has other content: the ETag was "1" and is "2". Its 3 mirrors failed, too.');
  expect(zh.failureFull(all)).toBe('某个镜像的内容不同：ETag 原为 "1"，现为 "2"。其 3 个镜像也都失败了。');
  expect(en.failureFull(all)).toBe(all.message);
});

test('what is said of a failure ends, whatever a worker says', () => {
  const itself = { why: 'waited-in-vain', told: 'waited-in-vain', times: 3 };
  expect(zh.failureFull({ code: 'reset', message: 'Oh.', said: itself })).toBe('连接中断：Oh.');
  expect(zh.failureFull({ code: 'reset', message: 'Oh.', said: { why: 'constructor' } })).toBe('连接中断：Oh.');
  const long = because('unexpected', { cause: 'x'.repeat(9000) });
  expect(v.parse(Failure, fail('internal', long, 'soon')).said!['cause']).toHaveLength(SAID_MAX);
  const own = { code: 'failed-elsewhere', message: 'y'.repeat(2000), retry: 'by-hand' } as const;
  const within = because('mirror-too', { first: saidOf(own) });
  expect(v.parse(Failure, fail(own.code, within, 'soon')).said!['first']).toHaveLength(SAID_MAX);
});

test('why a worker was lost is told in either language', () => {
  const silent = new WhyError(because('nothing-heard', { ms: 120 }));
  const broke = because('pipe-broke', { since: systemWhy(silent) });
  expect(en.event['worker-lost']({ worker: 3, ...broke })).toMatch(
    /its pipe broke, since nothing was heard for 120 ms$/,
  );
  expect(zh.event['worker-lost']({ worker: 3, ...broke })).toMatch(/：因已有 120 毫秒没有收到任何消息，通信管道中断$/);
  // Within another sentence nothing of it is lost.
  const ended = because('worker-ended', { crashes: 3, because: broke });
  expect(ended.message).toContain('(its pipe broke, since nothing was heard for 120 ms)');
  const lost = { worker: 3, why: 'ended-itself', message: 'It is so.' };
  expect(zh.event['worker-lost'](lost)).toBe('工作进程 3 丢失，由另一个继续：意外结束');
  expect(en.event['worker-lost'](lost)).toBe('worker 3 was lost; another one goes on: it ended unexpectedly');
  expect(zh.event.started({ worker: 3 })).toBe('开始，工作进程 3');
  expect(zh.event.started({ worker: 'my program' })).toBe('开始，my program');
  expect(zh.event['mirror-dropped']({ host: 'a.test', code: 'dns', message: 'No address.' })).toBe(
    '弃用镜像 a.test：找不到主机：No address.',
  );
});

test('what an older Sluice wrote of it, or says elsewhere, is shown as it was written', () => {
  for (const words of [en, zh]) {
    const broke = { worker: 3, why: 'pipe-broke', cause: 'EPIPE', message: 'its pipe broke (EPIPE)' };
    expect(words.event['worker-lost'](broke)).toMatch(/its pipe broke \(EPIPE\)$/);
    const ended = { why: 'worker-ended', crashes: 3, because: 'pipe-broke', cause: 'EPIPE', message: 'It is so.' };
    expect(words.event.failed({ ...ended, code: 'worker-crashed' })).toMatch(/It is so\.$/);
    expect(words.event['worker-lost']({ worker: 'worker 3', why: 'it ended' })).toMatch(/worker 3.*[:：] ?it ended$/);
    expect(words.event['changed-on-server']({ why: 'toString', message: 'It is so.' })).toMatch(/[:：] ?It is so\.$/);
    expect(words.event['mirror-dropped']({ host: 'a', message: 'It takes no ranges' })).toMatch(/It takes no ranges$/);
  }
});

test('every reason has words of its own in both languages, and every failure a few words', () => {
  const chinese = /[\u4e00-\u9fff]/;
  const message = 'It is so.';
  for (const reason of rejections) {
    expect(en.rejection(reason), reason).toMatch(/^[a-z][a-z ;,]+$/);
    expect(zh.rejection(reason), reason).toMatch(chinese);
  }
  for (const code of FailureCode.options) {
    expect(en.failure[code], code).toMatch(/^[A-Z]/);
    expect(zh.failure[code], code).toMatch(chinese);
    expect(en.failureFull({ code, message })).toBe(message);
    expect(zh.failureFull({ code, message })).toBe(`${zh.failure[code]}：${message}`);
    for (const kind of ['failed', 'retrying'] as const)
      expect(zh.event[kind]({ code, message })).toContain(`：${zh.failure[code]}：${message}`);
  }
});

test('what is not done is told whole in either language, with what it was made of', () => {
  for (const why of Object.keys(toldWhysEn) as WhyCode[]) {
    const values = Object.fromEntries(valuesIn(whysEn[why]).map((name, n) => [name.slice(1, -1), n + 10]));
    const told = { message: 'It is so.', said: { ...values, because: 'disk-is-full', cause: 7, why } };
    expect(en.told(told)).toBe(told.message);
    expect(zh.told(told)).toMatch(chineseAlone);
    // A sentence, or what stands within one.
    expect(zh.told(told).endsWith('。'), why).toBe(/[.]$/.test(whysEn[why]));
  }
  const refused = Object.assign(new Error('connect ECONNREFUSED 10.0.0.5:7440'), { code: 'ECONNREFUSED' });
  const told = because('not-reached', { where: 'a.test:7440', because: systemWhy(refused) });
  const { message, ...said } = told;
  expect(message).toBe(
    'a.test:7440 cannot be reached: the connection was refused (connect ECONNREFUSED 10.0.0.5:7440).',
  );
  expect(zh.told({ message, said })).toBe('无法连接 a.test:7440：连接被拒绝（connect ECONNREFUSED 10.0.0.5:7440）。');
  for (const unknown of [undefined, { why: 'of-tomorrow' }, { why: 'toString' }])
    expect(zh.told({ message, said: unknown })).toBe(message);
});

test.each([
  ['ENOENT', "ENOENT: no such file or directory, open '/a'", "there is no such file or folder (ENOENT, open '/a')"],
  ['SQLITE_FULL', 'database or disk is full', 'the disk is full (SQLITE_FULL)'],
  ['SQLITE_IOERR_WRITE', 'disk I/O error', 'the disk fails (SQLITE_IOERR_WRITE)'],
  ['EXDEV', "EXDEV: cross-device link not permitted, rename '/a' -> '/b'", "the error is EXDEV, rename '/a' -> '/b'"],
  ['SQLITE_CONSTRAINT_TRIGGER', 'no room for that', 'the error is no room for that'],
  [undefined, 'of our own', 'the error is of our own'],
])(
  'what the system says of %s is told without the system’s English words where it has a name',
  (code, message, said) => {
    expect(systemWhy(Object.assign(new Error(message), { code })).message).toBe(said);
  },
);

const long = 'x'.repeat(9000);
const category = { name: 'A', extensions: ['zip'], dir: '' };
const twice = [{ host: 'a.test' }, { host: 'A.test' }];
test.each([
  [Categories, [{ ...category, name: long }], 'The name of a category has 1 to 60 characters.'],
  [Categories, [{ ...category, name: ' ' }], 'A category needs a name.'],
  [Categories, [{ ...category, extensions: ['a b'] }], /^An extension is what follows the last dot/],
  [Categories, [{ ...category, extensions: Array(301).fill('a') }], /^An extension is .* at most 300\.$/],
  [Categories, [{ ...category, dir: long }], /^The path of a folder/],
  [Categories, [category, { ...category, name: 'a' }], 'There are two categories called a.', '有两个分类都叫“a”。'],
  [
    Categories,
    [category, { ...category, name: 'B' }],
    '.zip cannot be in two categories: A and B.',
    '.zip 不能同时属于两个分类：“A”和“B”。',
  ],
  [HostRule, { host: '!' }, /^A host such as/],
  [HostRule, { host: long }, /^A host such as/],
  [HostRule, { host: 'a', headers: { 'a b': '' } }, 'A header’s name has letters, digits and dashes.'],
  [HostRule, { host: 'a', headers: { a: '\n' } }, 'A header holds no line breaks and no signs beyond Latin 1.'],
  [HostRule, { host: 'a', headers: { a: long } }, /8192 characters\.$/],
  [HostRule, { host: 'a', referrer: long }, /^A referrer/],
  [HostRule, { host: 'a', user: long }, /^A user name/],
  [HostRule, { host: 'a', password: long }, /^A password/],
  [HostRule, { host: 'a', bearer: long }, /^A token/],
  [HostRule, { host: 'a', limitBytesPerS: 1 }, /^A limit is at least 1024/],
  [HostRule, { host: 'a', connections: 0 }, 'There are 1 to 256 connections.'],
  [HostRules, [{ host: 'a', user: 'me', bearer: 'x' }], /not both\.$/, '一个主机只能有用户名或令牌，不能两者都有。'],
  [HostRules, twice, 'There are two rules for one host.', '同一主机有两条规则。'],
])(
  'what is wrong with a category or a host rule is said in both languages: %#',
  (schema, value, said, saidZh: string | RegExp = /。$/) => {
    const { issues } = read(schema, value);
    expect(en.wrong(issues!)).toMatch(said);
    expect(zh.wrong(issues!)).toMatch(saidZh);
    expect(zh.wrong(issues!)).toMatch(/^(?!此值不可用).*[\u4e00-\u9fff]/);
  },
);

test('a setting that is no proxy, header or address is refused with what it should be', () => {
  const refused = (change: object) => {
    const { issues } = read(SettingsChange, change);
    return issues ? unfit(issues, because('value-unfit')) : null;
  };
  for (const proxy of ['', 'foo bar', 'ftp://p:1', 'http://', 'p:999999', 'socks9://p:1'])
    expect(refused({ proxy }), proxy).toMatchObject({ why: 'proxy-unfit' });
  for (const proxy of [null, 'p', 'p:1', 'me:pw@p:1', 'http://p:1', 'HTTPS://[::1]:1', 'socks5h://p:1', 'socks://p:1'])
    expect(refused({ proxy }), String(proxy)).toBeNull();
  expect(refused({ userAgent: '浏览器' })).toMatchObject({ why: 'header-unfit' });
  for (const name of ['coordinatorHost', 'pythonHost'])
    expect(refused({ [name]: ' ' })).toMatchObject({ why: 'address-needed' });
});

test('the settings page has every setting once, and starts from the true defaults', () => {
  const shown = sections.flatMap(({ fields }) => fields.map(({ name }) => name as string)).sort();
  expect(shown).toEqual(Object.keys(Settings.entries).sort());
  expect(ours).toEqual(defaultSettings);
});

test('Chinese has its own signs: no space before them, units of its own, and one word for a category', () => {
  expect(zh.messagesPerS('14', 6)).toBe('每秒 14 条消息，6 条管道');
  expect(zh.perS('0.7')).toBe('0.7/秒');
  expect(zh.withStatus(zh.failure['http-status'], 403)).toBe('服务器拒绝（403）');
  const said = JSON.stringify([zh, whysZh], (_, value: unknown) =>
    typeof value === 'function' ? String(value) : value,
  );
  expect(said).not.toMatch(/[\u4e00-\u9fff”）] [\u4e00-\u9fff“（]|类别/);
});

test('what is left is never less than a minute, and is said in the same words', () => {
  expect([0, 1, 89, 90, 2880].map((minutes) => en.minutes(minutes))).toEqual([
    '1 min',
    '1 min',
    '89 min',
    '2 h',
    '2 days',
  ]);
  expect([0, 1, 90].map((minutes) => zh.minutes(minutes))).toEqual(['1 分钟', '1 分钟', '2 小时']);
});
