// What journeys need before the first of them starts: the built program, and a display where there is no screen.
import { build } from './build.mjs';
import { startDisplay } from './setup/display.mjs';
import { say } from './setup/step.mjs';

/** Called by vitest once for all journeys; what it returns is called at the end. */
export default async function prepare() {
  try {
    await build();
    const display = await startDisplay();
    Object.assign(process.env, display?.env);
    return () => display?.stop();
  } catch (error) {
    // Thrown here it would end every other test too; the journeys will fail by themselves.
    say(String(error));
    return undefined;
  }
}
