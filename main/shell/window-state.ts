// Where the window stood when it was closed, kept in the state directory.
import fs from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { integer, read } from '../../shared/schema.ts';

const WindowState = v.object({
  x: v.optional(integer()),
  y: v.optional(integer()),
  width: integer(360, 20_000),
  height: integer(320, 20_000),
  maximized: v.boolean(),
});
export type WindowState = v.InferOutput<typeof WindowState>;
type Area = { x: number; y: number; width: number; height: number };

export const defaultWindowState: WindowState = { width: 1280, height: 760, maximized: false };
/** At least so much of the window must lie on a screen, in px, or nobody could move it back. */
const REACHABLE = 80;

/** Reads the kept state; a file that is not there or makes no sense is as none. */
export function readWindowState(dataDir: string, screens: readonly Area[]): WindowState {
  let raw: unknown;
  try {
    raw = JSON.parse(fs.readFileSync(fileIn(dataDir), 'utf8'));
  } catch {
    return defaultWindowState;
  }
  const parsed = read(WindowState, raw);
  if (!parsed.success) return defaultWindowState;
  const state = parsed.output;
  const { x, y, width, height, maximized } = state;
  if (x === undefined || y === undefined) return state;
  const reachable = screens.some(
    (screen) =>
      Math.min(x + width, screen.x + screen.width) - Math.max(x, screen.x) >= REACHABLE &&
      y >= screen.y - 8 &&
      y <= screen.y + screen.height - REACHABLE,
  );
  return reachable ? state : { width, height, maximized };
}

/** Keeps the state; a disk that takes no file costs nothing but the memory of the place. */
export function keepWindowState(dataDir: string, state: WindowState): void {
  const file = fileIn(dataDir);
  try {
    fs.writeFileSync(`${file}.new`, JSON.stringify(state));
    fs.renameSync(`${file}.new`, file);
  } catch {
    // Said above: not worth a word to anybody.
  }
}

function fileIn(dataDir: string): string {
  return path.join(dataDir, 'window.json');
}
