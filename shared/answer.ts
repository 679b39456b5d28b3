// How a call of a table is answered: looked up, its argument parsed, run, and what comes back wrapped.
import type * as v from 'valibot';
import { read, wrongIn, type Issues } from './schema.ts';
import { systemWhy } from './system-why.ts';
import { told, type Told, type ToldCode } from './told.ts';
import { because, reasonOf, type Why } from './why.ts';

/** Calls by name, each with the schemas of its argument and its result. */
type CallTable = Record<string, { arg: v.GenericSchema; result: v.GenericSchema }>;
/** One function per call; a missing one is a compile error. A thrown `ApiError` becomes its answer, any other throw is a bug. */
export type HandlersOf<T extends CallTable> = {
  [N in keyof T]: (
    arg: v.InferOutput<T[N]['arg']>,
  ) => v.InferOutput<T[N]['result']> | Promise<v.InferOutput<T[N]['result']>>;
};

export type Answer<T = unknown> = { ok: true; value: T } | { ok: false; error: Told };

/** An error that the caller is meant to read. */
export class ApiError extends Error {
  readonly told: Told;
  constructor(told: Told) {
    super(told.message);
    this.name = 'ApiError';
    this.told = told;
  }
}

/** What is thrown where a call is not done. */
export const refusal = (code: ToldCode, why: Why): ApiError => new ApiError(told(code, why));

/** Why a value is none, said of the first thing that is wrong with it; in English more exactly, with its place. */
export function unfit(issues: Issues, otherwise: Why): Why {
  return { ...otherwise, ...reasonOf(issues[0]), message: wrongIn(issues) } as Why;
}

/** Looks a call up in a table, parses its argument, runs it and wraps what comes back; never throws. */
export async function answer<T extends CallTable>(
  table: T,
  handlers: HandlersOf<T>,
  name: string,
  arg: unknown,
): Promise<Answer> {
  const call = Object.hasOwn(table, name) ? table[name] : undefined;
  if (!call) return { ok: false, error: told('unknown-call', because('no-such-call', { name })) };
  const parsed = read(call.arg, arg);
  if (!parsed.success) {
    const { message, ...why } = unfit(parsed.issues, because('value-unfit'));
    return { ok: false, error: told('bad-argument', { ...why, message: `${name}: ${message}` }) };
  }
  try {
    const run = handlers[name] as (value: unknown) => unknown;
    return { ok: true, value: await run(parsed.output) };
  } catch (error) {
    if (error instanceof ApiError) return { ok: false, error: error.told };
    return { ok: false, error: told('internal', because('went-wrong', { because: systemWhy(error) })) };
  }
}
