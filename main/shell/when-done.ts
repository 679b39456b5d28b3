// What comes after the last download: a countdown that anybody may stop, then quitting, sleep or shutting down.
import { execFile } from 'node:child_process';
import type { Countdown, PowerAction } from '../../shared/shell-api.ts';

const COUNTDOWN_MS = 60_000;

/** The system's own command for it; the program and its arguments. */
export function powerCommand(action: 'sleep' | 'shutdown', platform: NodeJS.Platform): [string, string[]] {
  const sleep = action === 'sleep';
  switch (platform) {
    case 'win32':
      return sleep ? ['rundll32.exe', ['powrprof.dll,SetSuspendState', '0,1,0']] : ['shutdown.exe', ['/s', '/t', '0']];
    case 'darwin':
      return sleep ? ['pmset', ['sleepnow']] : ['osascript', ['-e', 'tell application "System Events" to shut down']];
    default:
      return ['systemctl', [sleep ? 'suspend' : 'poweroff']];
  }
}

/** Runs it; rejects with what the system said when it would not. */
export function runPower(action: 'sleep' | 'shutdown'): Promise<void> {
  const [program, args] = powerCommand(action, process.platform);
  return new Promise((resolve, reject) => {
    execFile(program, args, (error, _stdout, stderr) => {
      if (error) reject(new Error(stderr.trim() || error.message, { cause: error }));
      else resolve();
    });
  });
}

export type WhenDoneOptions = {
  act: (action: PowerAction) => void;
  /** Back to nothing: it is for once. */
  reset: () => void;
  tell: (countdown: Countdown | null) => void;
};

/** One countdown at a time. */
export class WhenDone {
  countdown: Countdown | null = null;
  readonly #options: WhenDoneOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WhenDoneOptions) {
    this.#options = options;
  }

  begin(action: PowerAction): void {
    if (this.countdown) return;
    this.#timer = setTimeout(() => this.now(), COUNTDOWN_MS);
    this.#set({ action, endsAt: Date.now() + COUNTDOWN_MS });
  }

  /** There is something to download again: the countdown ends, and the choice stands. */
  interrupt(): void {
    clearTimeout(this.#timer);
    if (this.countdown) this.#set(null);
  }

  stop(): void {
    if (!this.countdown) return;
    this.interrupt();
    this.#options.reset();
  }

  now(): void {
    const { countdown } = this;
    if (!countdown) return;
    this.stop();
    this.#options.act(countdown.action);
  }

  #set(countdown: Countdown | null): void {
    this.countdown = countdown;
    this.#options.tell(countdown);
  }
}
