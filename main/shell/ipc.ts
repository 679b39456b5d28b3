// The window's calls, answered: one channel for the engine's table, one for the shell's, one for events the other way.
import { ipcMain, type IpcMainInvokeEvent, type WebContents } from 'electron';
import { z } from 'zod';
import { answer, ApiError, type Answer, type EngineEvent, type Handlers } from '../../shared/api.ts';
import { channels } from '../../shared/channels.ts';
import { shellCalls, type ShellCallName, type ShellEvent, type ShellHandlers } from '../../shared/shell-api.ts';

/** Answers calls that come from the main frame of `window`; any other sender is refused. */
export function answerWindow(window: () => WebContents | undefined, handlers: Handlers, shell: ShellHandlers): void {
  const guarded =
    (run: (name: string, arg: unknown) => Promise<Answer>) =>
    (event: IpcMainInvokeEvent, name: unknown, arg: unknown): Promise<Answer> => {
      const contents = window();
      const known = contents !== undefined && event.sender === contents && event.senderFrame === contents.mainFrame;
      if (!known) return Promise.resolve(refused);
      return run(String(name), arg);
    };
  ipcMain.handle(
    channels.call,
    guarded((name, arg) => answer(handlers, name, arg)),
  );
  ipcMain.handle(
    channels.shell,
    guarded((name, arg) => answerShell(shell, name, arg)),
  );
}

const refused: Answer = { ok: false, error: { code: 'refused', message: 'This frame may not call.' } };

/** Tells the window; silently not when it is gone. */
export function tellWindow(contents: WebContents | undefined, event: EngineEvent | ShellEvent): void {
  if (contents && !contents.isDestroyed()) contents.send(channels.event, event);
}

/** Looks a shell call up, parses its argument, runs it and wraps what comes back; never throws. */
export async function answerShell(handlers: ShellHandlers, name: string, arg: unknown): Promise<Answer> {
  if (!Object.hasOwn(shellCalls, name)) {
    return { ok: false, error: { code: 'unknown-call', message: `There is no call ${name}.` } };
  }
  const call = name as ShellCallName;
  const parsed = shellCalls[call].arg.safeParse(arg);
  if (!parsed.success) {
    return { ok: false, error: { code: 'bad-argument', message: `${name}: ${z.prettifyError(parsed.error)}` } };
  }
  try {
    const run = handlers[call] as (value: unknown) => unknown;
    return { ok: true, value: await run(parsed.data) };
  } catch (error) {
    const code = error instanceof ApiError ? error.code : 'internal';
    return { ok: false, error: { code, message: error instanceof Error ? error.message : String(error) } };
  }
}
