// What schemas take and refuse, and what is said of a value that is refused.
import fc from 'fast-check';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { Headers } from '../../shared/host-rules.ts';
import { boundsOf, integer, number, positive, read, text, wrongIn } from '../../shared/schema.ts';
import { because, reasonOf, rule } from '../../shared/why.ts';

test('numbers are finite, whole ones exact, and both within their bounds', () => {
  const takes = (schema: v.GenericSchema, ...values: unknown[]) => values.filter((one) => read(schema, one).success);
  const odd = [NaN, Infinity, -Infinity, '1', null, undefined, [1], {}];
  expect(takes(number(), ...odd, -1.5, 0, 1e300)).toEqual([-1.5, 0, 1e300]);
  expect(takes(number(0, 2), ...odd, -1, 0, 1.5, 2, 2.1)).toEqual([0, 1.5, 2]);
  expect(takes(integer(), ...odd, 1.5, -3, 2 ** 53 - 1, 2 ** 53)).toEqual([-3, 2 ** 53 - 1]);
  expect(takes(integer(1, 3), ...odd, 0, 1, 2.5, 3, 4)).toEqual([1, 3]);
  expect(takes(positive(), ...odd, -1, 0, 0.1)).toEqual([0.1]);
  expect(takes(text(2), 1, 'ab', 'abc')).toEqual(['ab']);
});

test('the bounds of a number are known, also where it may be left out or null', () => {
  expect(boundsOf(v.optional(v.nullable(integer(1, 9)), null))).toEqual({ min: 1, max: 9 });
  expect(boundsOf(v.string())).toEqual({ min: undefined, max: undefined });
});

const Thing = v.strictObject({
  id: integer(1),
  name: text(3),
  headers: v.optional(Headers),
  kinds: v.optional(v.array(v.picklist(['a', 'b']))),
  key: v.optional(
    v.pipe(
      v.string(),
      rule((key) => (key === 'bad' ? because('two-categories', { name: 'x' }) : null)),
    ),
  ),
});

test.each([
  [{ name: 'x' }, 'id is missing'],
  [{ id: 1, name: 'x', more: 1 }, 'more is unknown here'],
  [{ id: 1.5, name: 'x' }, 'id: expected a whole number'],
  [{ id: 0, name: 'x' }, 'id: expected >=1'],
  [{ id: 1, name: 'long' }, 'name: expected a length <=3'],
  [{ id: 1, name: 'x', kinds: ['a', 'c'] }, 'kinds.1: expected ("a" | "b")'],
  [{ id: 1, name: 'x', key: 'bad' }, 'key: There are two categories called x.'],
  [{ id: 1, name: 'x', headers: { 'a b': '' } }, 'headers.a b: A header’s name has letters, digits and dashes.'],
  [{ id: 1, name: 'x', headers: { a: '\n' } }, 'headers.a: A header holds no line breaks and no signs beyond Latin 1.'],
  ['no thing', 'expected Object'],
])('%j is refused with its place and what was expected: %s', (value, said) => {
  expect(wrongIn(read(Thing, value).issues!)).toBe(said);
});

test('a rule that is broken tells its code and its values, and only then', () => {
  expect(reasonOf(read(Thing, { id: 1, name: 'x', key: 'bad' }).issues![0])).toEqual({
    why: 'two-categories',
    name: 'x',
  });
  expect(reasonOf(read(Thing, { id: 1, name: 'x', key: 7 }).issues![0])).toBeNull();
});

test('what is said of a value never holds the value', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('id', 'name', 'kinds', 'key'),
      fc.stringMatching(/^s3cret[a-z]{1,20}$/),
      (at, secret) => {
        const { issues } = read(Thing, { id: 1, name: 'x', [at]: at === 'key' ? [secret] : secret });
        expect(wrongIn(issues!)).not.toContain('s3cret');
      },
    ),
  );
});
