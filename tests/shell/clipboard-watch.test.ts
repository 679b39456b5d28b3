import { expect, onTestFinished, test } from 'vitest';
import { ClipboardWatch } from '../../main/shell/clipboard-watch.ts';

/** A watch that is on and has looked once, over a clipboard that a test writes. */
async function watching(before: string) {
  const clipboard = { text: before };
  let told = 0;
  const watch = new ClipboardWatch({
    read: () => Promise.resolve(clipboard.text),
    changed: () => (told += 1),
  });
  onTestFinished(() => watch.set(false));
  watch.set(true);
  await settled();
  const copy = async (text: string) => {
    clipboard.text = text;
    await watch.look();
  };
  return { watch, copy, clipboard, told: () => told };
}

/** The first look began when the watch was switched on. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('links that are copied are gathered until they are forgotten, and each change is told once', async () => {
  const { watch, copy, told } = await watching('');
  await copy('See https://a.example/1.zip and http://b.example/2.zip, please.');
  await copy('See https://a.example/1.zip and http://b.example/2.zip, please.');
  expect(told()).toBe(1);
  await copy('no link at all');
  await copy('ftp://c.example/3.zip');
  expect(told()).toBe(1);
  await copy('https://d.example/4.zip');
  expect(watch.copied.split('\n')).toEqual([
    'https://a.example/1.zip',
    'http://b.example/2.zip,',
    'https://d.example/4.zip',
  ]);
  watch.forget();
  expect(watch.copied).toBe('');
  await copy('');
  await copy('https://d.example/4.zip');
  expect(watch.copied, 'copied once more').toBe('https://d.example/4.zip');
});

test('what was in the clipboard when it was switched on is not offered, each time', async () => {
  const { watch, copy, clipboard, told } = await watching('https://a.example/before.zip');
  await watch.look();
  watch.set(false);
  await copy('https://a.example/while-off.zip');
  watch.set(true);
  await settled();
  await watch.look();
  expect([watch.copied, told()]).toEqual(['', 0]);
  clipboard.text = 'https://a.example/after.zip';
  await watch.look();
  expect(watch.copied).toBe('https://a.example/after.zip');
});

test('what Sluice copied itself is not offered, with line ends of any system', async () => {
  const { watch, copy, told } = await watching('');
  watch.own('https://a.example/1.zip\nhttps://a.example/2.zip');
  await copy('https://a.example/1.zip\r\nhttps://a.example/2.zip\r\n');
  expect(told()).toBe(0);
  await copy('https://a.example/3.zip');
  expect(watch.copied).toBe('https://a.example/3.zip');
});

test('switched off, nothing is offered any more, and a clipboard that cannot be read costs nothing', async () => {
  const { watch, copy, told } = await watching('');
  await copy('https://a.example/1.zip');
  watch.set(false);
  expect([watch.copied, told()]).toEqual(['', 2]);
  const broken = new ClipboardWatch({ read: () => Promise.reject(new Error('busy')), changed: () => {} });
  onTestFinished(() => broken.set(false));
  broken.set(true);
  await broken.look();
  expect(broken.copied).toBe('');
});
