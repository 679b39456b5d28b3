import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { powerCommand, WhenDone } from '../../main/shell/when-done.ts';

let log: string[];
let whenDone: WhenDone;

beforeEach(() => {
  vi.useFakeTimers();
  log = [];
  whenDone = new WhenDone({
    act: (action) => log.push(action),
    reset: () => log.push('reset'),
    tell: (countdown) => log.push(countdown ? `until ${countdown.endsAt - Date.now()}` : 'over'),
  });
});
afterEach(() => void vi.useRealTimers());

test('after a minute it happens, once, and the choice is back to nothing', () => {
  whenDone.begin('sleep');
  whenDone.begin('sleep');
  vi.advanceTimersByTime(59_000);
  expect(log).toEqual(['until 60000']);
  vi.advanceTimersByTime(1000);
  expect(log).toEqual(['until 60000', 'over', 'reset', 'sleep']);
});

test('stopped, it does not happen, and the choice is back to nothing', () => {
  whenDone.begin('shutdown');
  whenDone.stop();
  vi.advanceTimersByTime(100_000);
  expect(log).toEqual(['until 60000', 'over', 'reset']);
});

test('interrupted by new downloads, it waits for their end', () => {
  whenDone.begin('quit');
  whenDone.interrupt();
  vi.advanceTimersByTime(100_000);
  expect(log).toEqual(['until 60000', 'over']);
});

test('each system has its own words for it', () => {
  expect(powerCommand('sleep', 'linux')).toEqual(['systemctl', ['suspend']]);
  expect(powerCommand('shutdown', 'linux')).toEqual(['systemctl', ['poweroff']]);
  expect(powerCommand('sleep', 'darwin')).toEqual(['pmset', ['sleepnow']]);
  expect(powerCommand('shutdown', 'win32')).toEqual(['shutdown.exe', ['/s', '/t', '0']]);
});
