// What schemas are written with beside their library: numbers within bounds, texts of a length, and what is wrong in words.
import * as v from 'valibot';

/** What a value breaks, the first thing first. */
export type Issues = readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]];

/** A finite number within these bounds. */
export const number = (min = -Number.MAX_VALUE, max = Number.MAX_VALUE) =>
  v.pipe(v.number(), v.minValue(min), v.maxValue(max));

/** A whole number within these bounds, none that a double cannot tell from its neighbours. */
export const integer = (min: number = Number.MIN_SAFE_INTEGER, max: number = Number.MAX_SAFE_INTEGER) =>
  v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));

/** A number beyond 0. */
export const positive = () => v.pipe(number(), v.gtValue(0));

/** A text of at most so many characters. */
export const text = (max: number) => v.pipe(v.string(), v.maxLength(max));

/** Holds a value to its schema; of what is wrong only the first thing is looked for. */
export function read<S extends v.GenericSchema>(schema: S, raw: unknown): v.SafeParseResult<S> {
  return v.safeParse(schema, raw, FIRST);
}
const FIRST = { abortEarly: true };

/** The bounds of a number, of one that may be left out, too; undefined where there is none. */
export function boundsOf(schema: object): { min: number | undefined; max: number | undefined } {
  if ('wrapped' in schema) return boundsOf(schema.wrapped as object);
  const rules = 'pipe' in schema ? (schema.pipe as { type: string; requirement?: number }[]) : [];
  const of = (type: string) => rules.find((rule) => rule.type === type)?.requirement;
  return { min: of('min_value'), max: of('max_value') };
}

const expectations: Record<string, string> = {
  integer: 'a whole number',
  min_length: 'a length ',
  max_length: 'a length ',
  length: 'a length of ',
};

/** The first thing that is wrong, with its place. Never the value itself: that may be a secret. */
export function wrongIn([issue]: Issues): string {
  const place = v.getDotPath(issue);
  const isOfObject = issue.type === 'object' || issue.type === 'strict_object';
  if (isOfObject && issue.path?.at(-1)?.origin === 'key')
    return `${place} ${issue.expected === 'never' ? 'is unknown here' : 'is missing'}`;
  const isRule = issue.type === 'raw_check';
  const what = isRule ? issue.message : `expected ${expectations[issue.type] ?? ''}${issue.expected ?? ''}`;
  return place === null ? what : `${place}: ${what}`;
}
