// The frames of the window's bench: told from a trace as Chromium writes it.
import { expect, test } from 'vitest';
import { framesOf } from '../../scripts/bench/window-frames.mjs';

const main = { name: 'thread_name', ph: 'M', pid: 7, tid: 1, ts: 0, args: { name: 'CrRendererMain' } };
const event = (name: string, ts: number, dur: number, tdur = dur, tid = 1) => ({
  name, ph: 'X', pid: 7, tid, ts, dur, tdur, args: {},
}); // prettier-ignore

test('a frame lasts from one animation callback to the next, and its work is all that ran meanwhile', () => {
  const { frames, frame, work } = framesOf([
    main,
    event('ThreadControllerImpl::RunTask', 1000, 5000, 4000),
    event('FireAnimationFrame', 2000, 100),
    event('ThreadControllerImpl::RunTask', 1500, 200),
    event('ThreadControllerImpl::RunTask', 9000, 2000),
    event('ThreadControllerImpl::RunTask', 9000, 9000, 9000, 2),
    event('ThreadControllerImpl::RunTask', 17_000, 5000),
    event('FireAnimationFrame', 18_000, 100),
  ]);
  expect(frames).toBe(1);
  expect(frame.p50).toBe(16);
  expect(work.longest, 'processor time; a task within a task counts once, other threads not at all').toBe(6);
});
