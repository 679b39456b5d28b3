// True drags between two programs of an X display (XDND): from a GTK window, with the pointer that the server moves.
import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { expect, onTestFinished } from 'vitest';

const run = promisify(execFile);
type Env = { DISPLAY: string };
export type Offered = { uris?: string[]; text?: string; html?: string };

/** Presses the button on a new window that offers something, and begins to drag. */
export async function beginDrag(display: Env, offered: Offered) {
  const env = { ...process.env, ...display, NO_AT_BRIDGE: '1' };
  // Debian's own Python has GTK; another one that comes first in the path has not.
  const source = spawn('/usr/bin/python3', [join(import.meta.dirname, 'drag-source.py')], { env });
  let gone = false;
  const end = () => void source.kill();
  onTestFinished(end);
  source.once('exit', () => (gone = true));
  const said: string[] = [];
  createInterface(source.stdout).on('line', (line) => said.push(line));
  source.stderr.on('data', (text) => said.push(String(text)));
  source.stdin.end(JSON.stringify(offered));

  const told = (what: string) =>
    expect.poll(() => (gone ? 'gone' : said.join('\n')), { timeout: 30_000, message: what }).toContain(what);
  const xdotool = (...words: (string | number)[]) => run('xdotool', words.map(String), { env });
  let step = 0;
  /** Every move is to another place: only then the server tells of it. */
  const moveTo = (x: number, y: number) => xdotool('mousemove', x + (step++ % 5), y);

  await told('ready');
  await moveTo(100, 60);
  await told('entered');
  await xdotool('mousedown', 1);
  await expect.poll(() => xdotool('mousemove_relative', 4, 2).then(() => said), { timeout: 30_000 }).toContain('begun');
  return {
    moveTo,
    /** Whether what is under the pointer would take a drop, as far as the source knows. */
    isWelcome: () => said.findLast((word) => word.endsWith('welcome')) === 'welcome',
    /** Lets go of the button; resolves when the source knows how it ended. */
    async drop() {
      await xdotool('mouseup', 1);
      await told('ended');
      end();
      return said.includes('refused') ? 'refused' : 'taken';
    },
  };
}
