// Short messages at the bottom of the window; some can be answered with one click while they stand.
/* eslint-disable svelte/prefer-svelte-reactivity -- the map is no part of what is shown */
import type { Toast } from '../ui/toast.ts';

export class Toasts {
  list = $state.raw<Toast[]>([]);
  #next = 1;
  #timers = new Map<number, ReturnType<typeof setTimeout>>();

  info(text: string, action: Toast['action'] = null): void {
    this.#show({ id: this.#next++, text, kind: 'info', action }, action ? 9000 : 4000);
  }

  error(text: string): void {
    this.#show({ id: this.#next++, text, kind: 'error', action: null }, 10_000);
  }

  dismiss(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  /** Does what the newest toast offers; false when none offers anything. */
  runNewest(): boolean {
    const toast = this.list.findLast((one) => one.action !== null);
    if (!toast?.action) return false;
    toast.action.run();
    this.dismiss(toast.id);
    return true;
  }

  #show(toast: Toast, forMs: number): void {
    // The same words twice are one message.
    for (const one of this.list) if (one.text === toast.text && !one.action) this.dismiss(one.id);
    // Room for three; what can still be answered goes last.
    if (this.list.length > 2) this.dismiss((this.list.find((one) => !one.action) ?? this.list[0]!).id);
    this.list = [...this.list, toast];
    this.#timers.set(
      toast.id,
      setTimeout(() => this.dismiss(toast.id), forMs),
    );
  }
}
