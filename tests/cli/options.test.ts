import { expect, test } from 'vitest';
import { help, parseCommand, UsageError, type NetworkCommand } from '../../main/cli/options.ts';

function serve(...args: string[]) {
  const command = parseCommand(['serve', ...args]);
  if (command.kind !== 'serve') throw new Error(command.kind);
  return command;
}

test('the Python door shares the key of workers only where that key was named', () => {
  expect(serve().pythonAuthkeyFile).toBeUndefined();
  expect(serve('--authkey-file', 'a').pythonAuthkeyFile).toBe('a');
  expect(serve('--authkey-file', 'a', '--python-authkey-file', 'p')).toMatchObject({
    authkeyFile: 'a',
    pythonAuthkeyFile: 'p',
  });
  expect(serve('--python-authkey-file', 'p').authkeyFile).toBeUndefined();
  expect(help).toMatch(/--python-authkey-file FILE .*without it that of --authkey-file/);
});

test('MD5 is spoken unless refused, at both kinds of Python door', () => {
  const worker = (...args: string[]) =>
    parseCommand(['worker', '--python-manager', '127.0.0.1:1', '--authkey-file', 'a', ...args]) as NetworkCommand;
  expect(serve().md5).toBe(true);
  expect(serve('--no-md5').md5).toBe(false);
  expect(worker()).toMatchObject({ kind: 'join-python', md5: true });
  expect(worker('--no-md5')).toMatchObject({ kind: 'join-python', md5: false });
  expect([serve().dict, serve('--dict').dict]).toEqual([false, true]);
});

test('a worker without a key or a place to go is told what is missing', () => {
  expect(() => parseCommand(['worker', '--connect', 'a:1'])).toThrow(/--authkey-file/);
  expect(() => parseCommand(['worker', '--authkey-file', 'a'])).toThrow(/--connect/);
  for (const wrong of ['a', 'a:', 'a:65536', ':80', '::1:80'])
    expect(() => serve('--listen', wrong)).toThrow(UsageError);
  expect(serve('--listen', '[::1]:80').listen).toEqual({ host: '::1', port: 80 });
});

test('how often to try again is a whole number in its bounds', () => {
  expect(parseCommand(['--retries', '0', 'http://h/f'])).toMatchObject({ run: { settings: { maxRetries: 0 } } });
  expect(parseCommand(['http://h/f'])).not.toHaveProperty('run.settings.maxRetries');
  for (const wrong of ['-1', '101', '1.5', 'x', '']) {
    expect(() => parseCommand([`--retries=${wrong}`, 'http://h/f'])).toThrow(/from 0 to 100/);
  }
  expect(help).toContain('--retries N');
});

test('the help names every option of the network', () => {
  for (const option of ['--python-authkey-file', '--no-md5', '--authkey-file', '--listen', '--python', '--fingerprint'])
    expect(help).toContain(option);
});

test('doors are for this machine alone unless an address is named', () => {
  expect(serve()).toMatchObject({ listen: { host: '127.0.0.1', port: 7440 }, python: null, discoverable: false });
  expect(parseCommand(['echo'])).toMatchObject({ at: { host: '127.0.0.1', port: 9999 } });
  expect(parseCommand(['echo', '--host', '0.0.0.0', '--port', '1'])).toMatchObject({
    at: { host: '0.0.0.0', port: 1 },
  });
});

test('a machine is told what to do by its name, this one as here', () => {
  const order = (...words: string[]) => parseCommand(['machines', ...words]);
  expect(order('pause', 'attic-1')).toMatchObject({ order: { to: 'pause', place: 'attic-1' } });
  expect(order('drain', 'here')).toMatchObject({ order: { to: 'drain', place: '' } });
  expect(order()).toMatchObject({ order: null });
  for (const wrong of [['pause'], ['stop', 'attic-1']]) expect(() => order(...wrong)).toThrow(UsageError);
});
