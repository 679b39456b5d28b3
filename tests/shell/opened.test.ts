// Files and links that the system hands over, before and after the program is ready.
import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import type { Opened } from '../../main/engine/instance.ts';
import { OpenedBySystem } from '../../main/shell/opened.ts';

test('what was opened before anybody receives it is not lost, and each is received once', () => {
  const app = new EventEmitter();
  let prevented = 0;
  const event = { preventDefault: () => (prevented += 1) };
  const opened = new OpenedBySystem(app);
  app.emit('open-file', event, '/lists/early.urls');
  app.emit('open-url', event, 'sluice:https://files.example/early.iso');
  const received: Opened[] = [];
  opened.receive((one) => received.push(one));
  const early = [
    { files: ['/lists/early.urls'], text: '' },
    { files: [], text: 'https://files.example/early.iso' },
  ];
  expect(received).toEqual(early);
  app.emit('open-file', event, '/lists/late.urls');
  expect(received).toEqual([...early, { files: ['/lists/late.urls'], text: '' }]);
  expect(prevented, 'the system is told that somebody takes them').toBe(3);
});
