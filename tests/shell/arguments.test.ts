import { expect, test } from 'vitest';
import { ownWords, parseArguments } from '../../main/shell/arguments.ts';

const nothing = { data: undefined, demo: false, screenshot: undefined, version: false, files: [], links: [] };

test('options, lists and links are told apart', () => {
  expect(
    parseArguments(
      ['--data', 'state', '--screenshot=shot.png', '--demo', 'a.txt', 'https://files.example/b'],
      '/home/me',
    ),
  ).toEqual({
    ...nothing,
    data: '/home/me/state',
    screenshot: '/home/me/shot.png',
    demo: true,
    files: ['/home/me/a.txt'],
    links: ['https://files.example/b'],
  });
  expect(parseArguments(['--version'], '/')).toEqual({ ...nothing, version: true });
});

test('links of our own scheme name a link inside, and file URLs a list', () => {
  const { links, files } = parseArguments(
    [
      'sluice:https://files.example/a',
      'sluice://https://files.example/b',
      'sluice://add?url=https%3A%2F%2Ffiles.example%2Fc&url=https%3A%2F%2Ffiles.example%2Fd',
      'file:///lists/my%20list.urls',
    ],
    '/',
  );
  expect(links).toEqual([
    'https://files.example/a',
    'https://files.example/b',
    'https://files.example/c\nhttps://files.example/d',
  ]);
  expect(files).toEqual(['/lists/my list.urls']);
});

test("Chromium's and a tester's switches are passed over", () => {
  expect(parseArguments(['--no-sandbox', '--remote-debugging-port=0', '--inspect', '-psn_0_1'], '/')).toEqual(nothing);
  expect(parseArguments(['--data'], '/')).toEqual(nothing);
});

test('our words come after the app folder when Electron was started with one', () => {
  expect(ownWords(['/electron', '--inspect=0', '/app', '--demo'], true)).toEqual(['--demo']);
  expect(ownWords(['/opt/sluice', '--demo'], false)).toEqual(['--demo']);
  expect(ownWords(['/electron'], true)).toEqual([]);
});
