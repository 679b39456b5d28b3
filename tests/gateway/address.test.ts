// Which addresses are one and the same somebody: whoever has one of IPv6 has a network of them.
import { expect, test } from 'vitest';
import { countedFor, plainAddress } from '../../main/gateway/address.ts';

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::FFFF:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
  ['2001:db8:1:2:ffff:ffff:ffff:fffe', '2001:db8:1:2::/64'],
  ['2001:DB8:0001:2::192.0.2.7', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001::b:c:d:e:f:a', '2001:0:b:c::/64'],
  ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::', '0:0:0:0::/64'],
  ['1::', '1:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80::1%eth0'],
  ['fe80::2', 'fe80::2'],
  ['gone', 'gone'],
])('%s is counted for %s', (address, who) => {
  expect(countedFor(address)).toBe(who);
});

test('an address is shown as it came, IPv4 as IPv4', () => {
  const shown = ['::ffff:192.0.2.7', '2001:db8::1', '::ffff:0:1', undefined].map(plainAddress);
  expect(shown).toEqual(['192.0.2.7', '2001:db8::1', '::ffff:0:1', 'gone']);
});
