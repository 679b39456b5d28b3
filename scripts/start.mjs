#!/usr/bin/env node
// `npm start`: sets up, builds what is stale, opens the window. Arguments after `--` go to Sluice.
import { build } from './build.mjs';
import { runtime } from './runtime.mjs';
import { setup } from './setup.mjs';
import { startDisplay } from './setup/display.mjs';
import { isMain, runMain } from './setup/main.mjs';
import { passOn } from './setup/pass-on.mjs';
import { root } from './setup/paths.mjs';
import { say } from './setup/step.mjs';

// A virtual display has no graphics card, and often no message bus: Chromium's complaints about it help nobody.
const virtualSwitches = ['--disable-gpu', '--log-level=3'];

if (isMain(import.meta.url)) {
  await runMain(async () => {
    const words = process.argv.slice(2);
    await setup();
    await build();
    const { electronPath, env } = runtime();
    const display = await startDisplay();
    if (display) {
      say('There is no screen here (neither DISPLAY nor WAYLAND_DISPLAY is set): the window opens on a virtual one.');
      if (!words.includes('--screenshot')) say('To see it, write a picture of it: npm start -- --screenshot FILE');
    }
    try {
      return await passOn(electronPath, [...(display ? virtualSwitches : []), root, ...words], {
        ...process.env,
        ...env,
        ...display?.env,
      });
    } finally {
      display?.stop();
    }
  });
}
