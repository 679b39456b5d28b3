// The Bridge as the window's classes use it: every call has an answer.
import type { Answer } from '../../shared/api.ts';
import type { Bridge } from '../../shared/shell-api.ts';

/** A bridge that never throws: an engine that is gone is an answer like any other. */
export function guard(bridge: Bridge, message: () => string): Bridge {
  const safely = async <T>(answer: Promise<Answer<T>>): Promise<Answer<T>> => {
    try {
      return await answer;
    } catch {
      return { ok: false, error: { code: 'bridge', message: message() } };
    }
  };
  return {
    call: (name, arg) => safely(bridge.call(name, arg)),
    shell: (name, arg) => safely(bridge.shell(name, arg)),
    onEvent: (listener) => bridge.onEvent(listener),
    pathOf: (file) => bridge.pathOf(file),
  };
}
