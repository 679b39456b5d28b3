// The window's calls, answered: one channel for the engine's table, one for the shell's, one for events the other way.
import { ipcMain, type IpcMainInvokeEvent, type WebContents } from 'electron';
import { answer, type Answer } from '../../shared/answer.ts';
import { calls, type EngineEvent, type Handlers } from '../../shared/api.ts';
import { channels } from '../../shared/channels.ts';
import { shellCalls, type ShellEvent, type ShellHandlers } from '../../shared/shell-api.ts';
import { told } from '../../shared/told.ts';
import { because } from '../../shared/why.ts';

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
    guarded((name, arg) => answer(calls, handlers, name, arg)),
  );
  ipcMain.handle(
    channels.shell,
    guarded((name, arg) => answer(shellCalls, shell, name, arg)),
  );
}

const refused: Answer = { ok: false, error: told('refused', because('may-not-call')) };

/** Tells the window, in JSON; silently not when it is gone. */
export function tellWindow(contents: WebContents | undefined, event: EngineEvent | ShellEvent): void {
  if (contents && !contents.isDestroyed()) contents.send(channels.event, JSON.stringify(event));
}
