// An error that nobody foresaw: it is told, and the program leaves. What it has done is durable, the next start goes on from there.
import { app, dialog } from 'electron';

/** `words`: the title and what to do. `quiet`: nobody is there to read a dialog. */
export function leaveOnUnforeseen(words: () => { title: string; hint: string }, quiet: boolean): void {
  let leaving = false;
  process.on('uncaughtException', (error) => {
    console.error(error);
    if (leaving) return;
    leaving = true;
    if (quiet) return app.exit(1);
    const { title, hint } = words();
    // Electron's own box would hold up everything until somebody closes it, the end of the program, too.
    void dialog
      .showMessageBox({ type: 'error', message: title, detail: `${hint}\n\n${error.stack ?? error.message}` })
      .finally(() => app.exit(1));
  });
}
