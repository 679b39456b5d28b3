// `--screenshot FILE`: a picture of the window once it has settled, for machines without a screen.
import fs from 'node:fs/promises';
import path from 'node:path';
import type { BrowserWindow } from 'electron';

export type SettledOptions = {
  /** How many downloads run or wait to run now. */
  unfinished: () => number;
  /** Waits no longer than this for them, in ms. */
  patienceMs: number;
};

const LOOK_MS = 100;
/** The window has to look the same for so long. */
const QUIET_MS = 700;
const TRIES = 150;

/** Resolves when nothing has been left to do for a moment, or when the patience is at its end. */
export async function settled({ unfinished, patienceMs }: SettledOptions): Promise<void> {
  const started = Date.now();
  let quietSince = Date.now();
  while (Date.now() - started < patienceMs) {
    if (unfinished() > 0) quietSince = Date.now();
    else if (Date.now() - quietSince >= QUIET_MS) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Writes what the window shows as a PNG. Throws when the window gives no picture. */
export async function takePicture(window: BrowserWindow, file: string): Promise<void> {
  let image = await window.webContents.capturePage();
  // A window that has just been shown has no surface yet, and what does not change is not painted again by itself.
  for (let tries = 0; image.isEmpty() && tries < TRIES; tries++) {
    window.webContents.invalidate();
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    image = await window.webContents.capturePage();
  }
  if (image.isEmpty()) throw new Error('The window gave no picture.');
  await fs.mkdir(path.dirname(file), { recursive: true });
  await fs.writeFile(file, image.toPNG());
}
