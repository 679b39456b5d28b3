// The shell's table answered as the engine's is: looked up, parsed, run, wrapped.
import { z } from 'zod';
import { ApiError, type Answer } from '../../shared/api.ts';
import { shellCalls, type ShellCallName, type ShellHandlers } from '../../shared/shell-api.ts';

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
