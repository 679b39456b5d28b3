// How a call of a table is answered: looked up, its argument parsed, run, and what comes back wrapped.
import { z } from 'zod';
import { systemWhy } from './system-why.ts';
import { told, type Told, type ToldCode } from './told.ts';
import { because, Said, type Why } from './why.ts';

/** Calls by name, each with the schemas of its argument and its result. */
type CallTable = Record<string, { arg: z.ZodType; result: z.ZodType }>;
/** One function per call; a missing one is a compile error. A thrown `ApiError` becomes its answer, any other throw is a bug. */
export type HandlersOf<T extends CallTable> = {
  [N in keyof T]: (arg: z.output<T[N]['arg']>) => z.output<T[N]['result']> | Promise<z.output<T[N]['result']>>;
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

/** Why a value is none, said of the first thing that is wrong with it; in English of all, and more exactly. */
export function unfit(error: z.ZodError, otherwise: Why): Why {
  const [issue] = error.issues;
  const said = Said.safeParse(issue?.code === 'custom' ? issue.params : undefined).data;
  return { ...otherwise, ...said, message: z.prettifyError(error).replace(/^✖ /, '') } as Why;
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
  const parsed = call.arg.safeParse(arg);
  if (!parsed.success) {
    const { message, ...why } = unfit(parsed.error, because('value-unfit'));
    return { ok: false, error: told('bad-argument', { ...why, message: `${name}: ${message}` }) };
  }
  try {
    const run = handlers[name] as (value: unknown) => unknown;
    return { ok: true, value: await run(parsed.data) };
  } catch (error) {
    if (error instanceof ApiError) return { ok: false, error: error.told };
    return { ok: false, error: told('internal', because('went-wrong', { because: systemWhy(error) })) };
  }
}
