// Reading values by their schema, made for programs that live for a second as well as for those that run for weeks.
import type { z } from 'zod';

/** Compiling a checker for an object costs as much as some hundred checks without one. */
const COMPILED_FROM = 100;

/** Checks a value without compiling anything for it: for what is checked once or twice. */
export const ONCE = { jitless: true };

/** Checks values by `schema`, and compiles its checkers only when many come. */
export function reader<S extends z.ZodType>(schema: S): (raw: unknown) => z.ZodSafeParseResult<z.output<S>> {
  let read = 0;
  return (raw) => schema.safeParse(raw, (read += 1) < COMPILED_FROM ? ONCE : undefined);
}
