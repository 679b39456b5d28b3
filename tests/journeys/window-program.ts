// The program in real Electron, driven by Playwright, with a state directory and a download folder of its own.
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ElectronApplication, Locator, Page } from 'playwright';
import { expect, onTestFinished } from 'vitest';
import type { Counts } from '../../shared/api.ts';
import { channels } from '../../shared/channels.ts';
import type { PreloadBridge, ShellEvent } from '../../shared/shell-api.ts';
import { launchDriven } from '../../scripts/driven.mjs';
import { tempDir } from '../support/temp-dir.ts';

export interface Sluice {
  app: ElectronApplication;
  page: Page;
  /** Where downloads go. */
  dir: string;
  data: string;
  /** What the page complained of: errors, refused policies. */
  complaints: string[];
  /** Ends the program as a person would. */
  close(): Promise<void>;
  /** Ends every process of it at once, as a power cut would. */
  kill(): Promise<void>;
}

export interface SluiceOptions {
  data?: string;
  dir?: string;
  args?: string[];
  env?: Record<string, string>;
}

/** Starts the program and waits until its list has come. */
export async function startSluice(options: SluiceOptions = {}): Promise<Sluice> {
  const base = options.data ? '' : tempDir();
  const data = options.data ?? join(base, 'state');
  const dir = options.dir ?? mkdtempSync(join(base || tempDir(), 'files-'));
  const app = await launchDriven(['--data', data, ...(options.args ?? [])], options.env);
  const pid = app.process().pid!;
  let ended = false;
  const gone = new Promise<void>((resolve) => {
    app.process().once('exit', () => {
      ended = true;
      resolve();
    });
  });
  const kill = async (): Promise<void> => {
    for (const one of [pid, ...descendants(pid)]) {
      try {
        process.kill(one, 'SIGKILL');
      } catch {
        // It has ended with its parent already.
      }
    }
    await gone;
  };
  const said: string[] = [];
  app.process().stderr?.on('data', (piece) => said.push(String(piece)));
  onTestFinished(async ({ task }) => {
    if (task.result?.state === 'fail') await tell(app, said.join(''), ended);
    if (!ended) await kill();
  });
  const page = await app.firstWindow();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  await page.waitForFunction(() => document.querySelector('[role=grid], .empty') !== null);
  await page.evaluate((folder) => window.sluice.call('changeSettings', { dir: folder }), dir);
  return {
    app,
    page,
    dir,
    data,
    complaints,
    async close() {
      await app.close();
      await gone;
    },
    kill,
  };
}

/** How the program stands where a test failed. */
async function tell(app: ElectronApplication, said: string, ended: boolean): Promise<void> {
  const soon = <T>(answer: Promise<T>) =>
    Promise.race([answer, sleep(3000, 'no answer')]).catch((error: unknown) => String(error));
  const main = ended ? 'ended' : await soon(app.evaluate(({ app: program }) => `answers as ${program.getName()}`));
  const pages = await Promise.all(app.windows().map((page) => soon(page.evaluate(() => document.body.innerText))));
  console.error([`main process: ${main}`, ...pages.map((page) => `page: ${page}`), `stderr: ${said}`].join('\n'));
}

/** Every living descendant of a process. */
function descendants(pid: number): number[] {
  let children: number[];
  try {
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
  return [...children, ...children.flatMap(descendants)];
}

/**
 * Drops text or files onto the middle of the window, as the browser itself does: trusted, with real paths. As a person would,
 * it lets go when the window shows that it takes it; a window that was never painted yet does not feel what is above it.
 */
export async function drop(
  page: Page,
  what: { text?: string; html?: string; uris?: string; files?: string[] },
): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const items = [
    ...(what.text === undefined ? [] : [{ mimeType: 'text/plain', data: what.text }]),
    ...(what.uris === undefined ? [] : [{ mimeType: 'text/uri-list', data: what.uris }]),
    ...(what.html === undefined ? [] : [{ mimeType: 'text/html', data: what.html }]),
  ];
  const data = { items, files: what.files ?? [], dragOperationsMask: 1 };
  const drag = (type: 'dragEnter' | 'dragOver' | 'drop') =>
    session.send('Input.dispatchDragEvent', { type, x: 600, y: 400, data });
  const overlay = page.locator('.overlay');
  await expect
    .poll(async () => {
      await drag('dragEnter');
      await drag('dragOver');
      return overlay.isVisible();
    })
    .toBe(true);
  await drag('drop');
  await session.detach();
}

/** Gives the window this size, in px, and waits until its page has it. */
export async function resize({ app, page }: Sluice, width: number, height: number): Promise<void> {
  const size = [width, height] as const;
  await app.evaluate(({ BrowserWindow }, wanted) => BrowserWindow.getAllWindows()[0]!.setSize(...wanted), size);
  await page.waitForFunction((wide) => Math.abs(innerWidth - wide) <= 2, width);
}

/** Tells the window what the program around it would. */
export function shellTells({ app }: Sluice, event: ShellEvent): Promise<void> {
  return app.evaluate(
    ({ BrowserWindow }, [channel, json]) => BrowserWindow.getAllWindows()[0]!.webContents.send(channel, json),
    [channels.event, JSON.stringify(event)] as const,
  );
}

/** Whether nothing lies over the middle of an element. */
export function isOnTop(element: Locator): Promise<boolean> {
  return element.evaluate((one) => {
    const { x, y, width, height } = one.getBoundingClientRect();
    return one.contains(document.elementFromPoint(x + width / 2, y + height / 2));
  });
}

/** Waits until the list's counts are as wanted. */
export async function untilCounts(page: Page, wanted: Partial<Counts>, timeoutMs = 60_000): Promise<void> {
  await expect
    .poll(
      () =>
        page.evaluate(async () => {
          const answer = await window.sluice.call('overview', null);
          return answer.ok ? answer.value.counts : answer.error;
        }),
      { timeout: timeoutMs, interval: 100 },
    )
    .toMatchObject(wanted);
}

declare global {
  interface Window {
    sluice: PreloadBridge;
  }
}
