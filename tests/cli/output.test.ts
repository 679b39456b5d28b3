// What reaches standard output, and in how many writes.
import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { Output } from '../../main/cli/output.ts';

function sink() {
  const writes: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      if (chunk !== '') writes.push(chunk);
      done();
    },
  });
  return { writes, output: new Output(stream as NodeJS.WriteStream) };
}

test('JSON lines of one moment go in one write, before the moment is over', async () => {
  const { writes, output } = sink();
  output.json({ n: 1 });
  output.json({ n: 2 });
  await Promise.resolve();
  expect(writes).toEqual(['{"n":1}\n{"n":2}\n']);
});

test('lines of both kinds keep their order', async () => {
  const { writes, output } = sink();
  output.json({ n: 1 });
  output.line('two');
  output.json({ n: 3 });
  await output.flushed();
  expect(writes.join('')).toBe('{"n":1}\ntwo\n{"n":3}\n');
});
