// How a call of a table is answered: looked up, its argument parsed, run, and what comes back wrapped.
import { z } from 'zod';
import type { Told, ToldCode } from './told.ts';

/** Calls by name, each with the schemas of its argument and its result. */
type CallTable = Record<string, { arg: z.ZodType; result: z.ZodType }>;
/** One function per call; a missing one is a compile error. A thrown `ApiError` becomes its answer, any other throw is a bug. */
export type HandlersOf<T extends CallTable> = {
  [N in keyof T]: (arg: z.output<T[N]['arg']>) => z.output<T[N]['result']> | Promise<z.output<T[N]['result']>>;
};

export type Answer<T = unknown> = { ok: true; value: T } | { ok: false; error: Told };

/** An error that the caller is meant to read. */
export class ApiError extends Error {
  readonly code: ToldCode;
  constructor(code: ToldCode, message: string) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
  }
}

/** Looks a call up in a table, parses its argument, runs it and wraps what comes back; never throws. */
export async function answer<T extends CallTable>(
  table: T,
  handlers: HandlersOf<T>,
  name: string,
  arg: unknown,
): Promise<Answer> {
  const call = Object.hasOwn(table, name) ? table[name] : undefined;
  if (!call) return { ok: false, error: { code: 'unknown-call', message: `There is no call ${name}.` } };
  const parsed = call.arg.safeParse(arg);
  if (!parsed.success) {
    return { ok: false, error: { code: 'bad-argument', message: `${name}: ${z.prettifyError(parsed.error)}` } };
  }
  try {
    const run = handlers[name] as (value: unknown) => unknown;
    return { ok: true, value: await run(parsed.data) };
  } catch (error) {
    const code = error instanceof ApiError ? error.code : 'internal';
    return { ok: false, error: { code, message: error instanceof Error ? error.message : String(error) } };
  }
}
