// How many connections a host takes, as far as its refusals tell.
import { expect, test } from 'vitest';
import { Hosts } from '../../main/download/hosts.ts';

test('one that refuses one too many takes as many as are open', () => {
  const hosts = new Hosts();
  for (let i = 0; i < 4; i += 1) expect(hosts.enter('h')).toBeUndefined();
  for (const left of [3, 2]) {
    hosts.leave('h');
    expect(hosts.refused('h')).toBe(left);
  }
  expect(hosts.hasRoom('h')).toBe(false);
  expect(hosts.hasRoom('another')).toBe(true);
  // No news: that was so already.
  expect(hosts.refused('h')).toBeNull();
  hosts.leave('h');
  expect(hosts.hasRoom('h')).toBe(true);
});

test('nothing is learned from the refusal of the only one', () => {
  const hosts = new Hosts();
  void hosts.enter('h');
  hosts.leave('h');
  expect(hosts.refused('h')).toBeNull();
  expect(hosts.room('h')).toBe(Infinity);
});
