import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { utilityProcessPort } from '../../main/shell/utility-port.ts';
import { utilityPort } from '../../main/transport/process.ts';

/** A utility process as Electron shows it to both sides: messages are cloned and come later. */
function process() {
  const outside = new EventEmitter();
  const inside = new EventEmitter();
  const carry = (to: EventEmitter, wrap: (data: unknown) => unknown) => (message: unknown) => {
    const clone: unknown = structuredClone(message);
    setImmediate(() => to.emit('message', wrap(clone)));
  };
  const child = Object.assign(outside, { postMessage: carry(inside, (data) => ({ data })) });
  const channel = Object.assign(inside, { postMessage: carry(outside, (data) => data) });
  return { child, near: utilityProcessPort(child as never), far: utilityPort(channel) };
}

test('messages come in order, both ways, also those from before anybody listened', async () => {
  const { near, far } = process();
  for (let n = 0; n < 100; n++) {
    near.send({ n });
    far.send({ back: n });
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  const there: unknown[] = [];
  const back: unknown[] = [];
  far.onMessage((message) => there.push(message));
  near.onMessage((message) => back.push(message));
  expect(there).toEqual(Array.from({ length: 100 }, (_, n) => ({ n })));
  expect(back).toEqual(Array.from({ length: 100 }, (_, n) => ({ back: n })));
});

test('a process that ends is told once, and takes no more', () => {
  const { child, near } = process();
  const reasons: string[] = [];
  near.onClose(({ kind }) => reasons.push(kind));
  child.emit('exit', 1);
  near.close();
  expect(reasons).toEqual(['eof']);
  expect(near.send({ late: true })).toBe(false);
});
