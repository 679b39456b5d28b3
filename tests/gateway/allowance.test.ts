// A bucket for each address: bursts pass, floods do not, time fills it again.
import { afterEach, expect, test, vi } from 'vitest';
import { Allowance } from '../../main/gateway/allowance.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('lets a burst through, then so many a second, for each address on its own', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const allowance = new Allowance(10, 3);
  const taken = (address: string): number =>
    Array.from({ length: 20 }, () => allowance.take(address)).filter(Boolean).length;
  expect(taken('a')).toBe(3);
  expect(taken('b')).toBe(3);
  vi.advanceTimersByTime(200);
  expect(taken('a')).toBe(2);
  vi.advanceTimersByTime(60_000);
  expect(taken('a')).toBe(3);
});

test('counts all addresses of one IPv6 network as one', () => {
  const allowance = new Allowance(1, 1);
  expect(['2001:db8::1', '2001:db8::2', '2001:db8:0:1::1'].map((address) => allowance.take(address))).toEqual([
    true,
    false,
    true,
  ]);
});

test('remembers a bounded number of addresses, the latest ones', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const allowance = new Allowance(1, 1);
  expect(allowance.take('first')).toBe(true);
  for (let n = 0; n < 4095; n++) allowance.take(`other ${n}`);
  expect(allowance.take('first')).toBe(false);
  for (let n = 4095; n < 9000; n++) allowance.take(`other ${n}`);
  expect(allowance.take('first')).toBe(true);
});
