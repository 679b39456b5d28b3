// Values are read alike, whether something was compiled for it yet or not.
import { expect, test } from 'vitest';
import { z } from 'zod';
import { reader } from '../../shared/reader.ts';

test('the first value and the thousandth are held to the same schema', () => {
  const read = reader(z.object({ id: z.number().int(), name: z.string().default('none') }));
  for (let n = 0; n < 1000; n += 1) {
    expect(read({ id: n, other: true })).toEqual({ success: true, data: { id: n, name: 'none' } });
    const { error } = read({ id: 'x' });
    expect(error?.issues).toMatchObject([{ code: 'invalid_type', path: ['id'] }]);
  }
});
