// The Bridge as the window's classes use it: every call has an answer.
import type { Answer } from '../../shared/answer.ts';
import type { Bridge } from '../../shared/shell-api.ts';
import type { ToldCode } from '../../shared/told.ts';
import type { Words } from '../words.ts';

/**
 * A bridge that never throws: an engine that is gone is an answer like any other. Its errors are in words for a person, in
 * the language of when they are read.
 */
export function guard(bridge: Bridge, words: () => Words): Bridge {
  const refused = (code: ToldCode, message: () => string) => ({
    ok: false as const,
    error: {
      code,
      get message() {
        return message();
      },
    },
  });
  const safely = async <T>(answer: Promise<Answer<T>>): Promise<Answer<T>> => {
    try {
      const told = await answer;
      return told.ok ? told : refused(told.error.code, () => words().told(told.error));
    } catch {
      return refused('bridge', () => words().bridgeGone);
    }
  };
  return {
    call: (name, arg) => safely(bridge.call(name, arg)),
    shell: (name, arg) => safely(bridge.shell(name, arg)),
    onEvent: (listener) => bridge.onEvent(listener),
    pathOf: (file) => bridge.pathOf(file),
  };
}
