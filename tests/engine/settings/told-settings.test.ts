// What workers are told of the settings: on this machine all, elsewhere what their own tasks need.
import { expect, test } from 'vitest';
import type { HostWays, Task } from '../../../shared/protocol.ts';
import { defaultSettings } from '../../../shared/settings.ts';
import { settingsFor, ToldSettings } from '../../../main/engine/settings/told-settings.ts';
import { transferSettingsOf } from '../../../main/engine/settings/transfer-settings.ts';

const plain = transferSettingsOf(defaultSettings, '1');
const rule = (host: string, more: Partial<HostWays> = {}): HostWays => ({
  ...{ host, headers: { authorization: `secret of ${host}` }, cookies: null, insecure: false },
  ...more,
});
const cookie = (domain: string) => `${domain}\tTRUE\t/\tFALSE\t0\tn\tsecret of ${domain}`;
const named = (...hosts: HostWays[]) => hosts.map(({ host }) => host);
const task = (id: number, url: string, mirrors: string[] = []) =>
  ({ id, url, mirrors, validators: null }) as unknown as Task;

test('only the most exact rule of each host is told, with a port or without', () => {
  const settings = { ...plain, hosts: [rule('a.test'), rule('a.test:81'), rule('*.b.test'), rule('c.test')] };
  expect(named(...settingsFor(settings, new Set(['a.test:81', 'x.b.test'])).hosts)).toEqual(['a.test:81', '*.b.test']);
  expect(settingsFor(settings, new Set()).hosts).toEqual([]);
  expect(settingsFor(settings, new Set(['d.test'])).hosts).toEqual([]);
});

test('what is told for many hosts does not reach one among them that has a rule of its own', () => {
  const settings = { ...plain, hosts: [rule('*.b.test'), rule('x.b.test', { insecure: true }), rule('c.test')] };
  expect(settingsFor(settings, new Set(['y.b.test'])).hosts).toEqual([
    rule('*.b.test'),
    { host: 'x.b.test', headers: {}, cookies: null, insecure: false },
  ]);
});

test('of cookies those lines are told that can be for the hosts', () => {
  const cookies = ['# comment', cookie('.b.test'), cookie('#HttpOnly_x.b.test'), cookie('c.test'), ''].join('\r\n');
  const settings = { ...plain, cookies, hosts: [rule('*', { cookies })] };
  const told = settingsFor(settings, new Set(['x.b.test:8080']));
  expect(told.cookies).toBe(`${cookie('.b.test')}\n${cookie('#HttpOnly_x.b.test')}`);
  expect(told.hosts[0]!.cookies).toBe(told.cookies);
  expect(settingsFor(settings, new Set(['ab.test'])).cookies).toBeNull();
});

test.each([
  ['http://me:secret@proxy.test:3128', 'http://proxy.test:3128/'],
  ['http://proxy.test:3128', 'http://proxy.test:3128/'],
  ['socks5://me:secret@proxy.test:1080', 'socks5://proxy.test:1080'],
  ['me:secret@proxy:3128', 'http://proxy:3128/'],
  ['me:secret@', null],
  [null, null],
])('the login of the proxy %s is told to this machine alone', (proxy, elsewhere) => {
  expect(new ToldSettings(true).changed({ ...plain, proxy }).proxy).toBe(elsewhere);
  expect(new ToldSettings(false).changed({ ...plain, proxy }).proxy).toBe(proxy);
});

test('a worker elsewhere is told before its tasks come, again only when it needs more, and without what is over', () => {
  const settings = { ...plain, hosts: [rule('a.test'), rule('b.test'), rule('m.test')] };
  const told = new ToldSettings(true);
  expect(told.changed(settings).hosts).toEqual([]);
  expect(told.before([task(1, 'http://a.test/1')])?.hosts).toEqual([rule('a.test')]);
  expect(told.before([task(2, 'http://a.test/2'), task(3, 'http://z.test/3')])).toBeNull();
  told.over(1);
  told.over(2);
  const other = told.before([task(4, 'http://b.test/4', ['http://m.test/4'])]);
  expect(named(...other!.hosts)).toEqual(['b.test', 'm.test']);
  expect(named(...told.changed({ ...settings, hosts: [rule('b.test')] }).hosts)).toEqual(['b.test']);
});

test('a worker of this machine is told all, once', () => {
  const settings = { ...plain, cookies: cookie('c.test'), hosts: [rule('a.test')] };
  const told = new ToldSettings(false);
  expect(told.changed(settings)).toBe(settings);
  expect(told.before([task(1, 'http://a.test/1')])).toBeNull();
});
