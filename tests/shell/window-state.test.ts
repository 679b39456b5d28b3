import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defaultWindowState, keepWindowState, readWindowState } from '../../main/shell/window-state.ts';
import { tempDir } from '../support/temp-dir.ts';

const screens = [{ x: 0, y: 0, width: 1920, height: 1080 }];

test('the window comes back where it was', () => {
  const dir = tempDir();
  const state = { x: 100, y: 50, width: 900, height: 700, maximized: true };
  keepWindowState(dir, state);
  expect(readWindowState(dir, screens)).toEqual(state);
  expect(readdirSync(dir)).toEqual(['window.json']);
});

test('on a screen that is gone it comes back in sight, with its size', () => {
  const dir = tempDir();
  keepWindowState(dir, { x: 3000, y: 50, width: 900, height: 700, maximized: false });
  expect(readWindowState(dir, screens)).toEqual({ width: 900, height: 700, maximized: false });
});

test.each(['', '{', '[]', '{"width":"wide"}', '{"width":5,"height":5,"maximized":false}'])(
  'a file that makes no sense is as none: %s',
  (text) => {
    const dir = tempDir();
    writeFileSync(join(dir, 'window.json'), text);
    expect(readWindowState(dir, screens)).toEqual(defaultWindowState);
  },
);

test('a disk that takes no file is no reason to fail', () => {
  const dir = tempDir();
  mkdirSync(join(dir, 'window.json.new'));
  keepWindowState(dir, defaultWindowState);
  expect(readWindowState(dir, screens)).toEqual(defaultWindowState);
});
