// The Bridge as the window's classes use it: every call has an answer.
import type { Answer } from '../../shared/answer.ts';
import type { Bridge } from '../../shared/shell-api.ts';
import type { Words } from '../words.ts';

/** A bridge that never throws, and whose errors are in words for a person: an engine that is gone is an answer like any other. */
export function guard(bridge: Bridge, words: () => Words): Bridge {
  const safely = async <T>(answer: Promise<Answer<T>>): Promise<Answer<T>> => {
    try {
      const told = await answer;
      return told.ok ? told : { ok: false, error: { ...told.error, message: words().told(told.error) } };
    } catch {
      return { ok: false, error: { code: 'bridge', message: words().bridgeGone } };
    }
  };
  return {
    call: (name, arg) => safely(bridge.call(name, arg)),
    shell: (name, arg) => safely(bridge.shell(name, arg)),
    onEvent: (listener) => bridge.onEvent(listener),
    pathOf: (file) => bridge.pathOf(file),
  };
}
