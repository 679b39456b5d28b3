// The real window for measuring: started as a person starts it, steered over Chromium's own debugging pipe.
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { runtime } from '../runtime.mjs';
import { root } from '../setup/paths.mjs';
import { SetupError } from '../setup/step.mjs';
import { descendants } from './processes.mjs';

const PATIENCE_MS = 60_000;

/** @typedef {Record<string, any>} Message what travels on the debugging pipe */

/**
 * @typedef {object} Program
 * @property {number} pid
 * @property {number} startedAt in ms since 1970
 * @property {(method: string, params?: Message) => Promise<Message>} page asks the page
 * @property {(method: string, params?: Message) => Promise<Message>} browser asks the browser
 * @property {(method: string, listener: (params: Message) => void) => void} on
 * @property {(expression: string) => Promise<any>} evaluate waits for a promise that comes out
 * @property {() => Promise<void>} close as a person would
 */

/**
 * Starts the program over a list and waits until its page is there.
 * @param {string} data
 * @param {Record<string, string | undefined>} env of the display
 * @returns {Promise<Program>}
 */
export async function startProgram(data, env) {
  const { electronPath, env: own } = runtime();
  const startedAt = Date.now();
  // A virtual display has no graphics card; without these Chromium looks for one first.
  const switches = ['--remote-debugging-pipe', ...(env.DISPLAY ? ['--disable-gpu', '--log-level=3'] : [])];
  const child = spawn(electronPath, [...switches, root, '--data', data], {
    env: { ...process.env, ...own, ...env, LANGUAGE: 'en' },
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const pid = child.pid ?? 0;
  const kill = () => {
    for (const one of [...descendants(pid), pid]) {
      try {
        process.kill(one, 'SIGKILL');
      } catch {
        // It has left by itself.
      }
    }
  };
  process.once('exit', kill);
  const pipe = new Pipe(
    /** @type {import('node:stream').Writable} */ (child.stdio[3]),
    /** @type {import('node:stream').Readable} */ (child.stdio[4]),
  );
  const session = await pipe.attach();
  const page = (/** @type {string} */ method, /** @type {Message} */ params = {}) => pipe.ask(method, params, session);
  return {
    pid,
    startedAt,
    page,
    browser: (method, params = {}) => pipe.ask(method, params),
    on: (method, listener) => pipe.on(method, listener),
    async evaluate(expression) {
      const answer = await page('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
      if (answer.exceptionDetails) throw new Error(answer.exceptionDetails.exception?.description ?? 'page error');
      return answer.result.value;
    },
    async close() {
      child.kill('SIGTERM');
      const late = setTimeout(kill, PATIENCE_MS);
      await ended;
      clearTimeout(late);
      process.off('exit', kill);
    },
  };
}

/** Chromium's debugging protocol, a message between two zero bytes. */
class Pipe {
  #to;
  #last = 0;
  #rest = '';
  /** @type {Map<number, (message: Message) => void>} */
  #asked = new Map();
  /** @type {Map<string, (params: Message) => void>} */
  #listeners = new Map();

  /**
   * @param {import('node:stream').Writable} to
   * @param {import('node:stream').Readable} from
   */
  constructor(to, from) {
    this.#to = to;
    to.on('error', () => undefined);
    from.setEncoding('utf8');
    from.on('data', (/** @type {string} */ text) => {
      const messages = (this.#rest + text).split('\0');
      this.#rest = messages.pop() ?? '';
      for (const message of messages) this.#receive(JSON.parse(message));
    });
  }

  /** @param {Message} message */
  #receive(message) {
    this.#asked.get(message.id)?.(message);
    this.#asked.delete(message.id);
    this.#listeners.get(message.method)?.(message.params);
  }

  /**
   * @param {string} method
   * @param {(params: Message) => void} listener
   */
  on(method, listener) {
    this.#listeners.set(method, listener);
  }

  /**
   * @param {string} method
   * @param {Message} [params]
   * @param {string} [sessionId]
   * @returns {Promise<Message>}
   */
  ask(method, params = {}, sessionId) {
    const id = (this.#last += 1);
    this.#to.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new SetupError(`The window did not answer ${method}.`)), PATIENCE_MS);
      this.#asked.set(id, ({ result, error }) => {
        clearTimeout(late);
        if (error) reject(new Error(`${method}: ${error.message}`));
        else resolve(result);
      });
    });
  }

  /**
   * Speaks to the one page, as soon as there is one.
   * @returns {Promise<string>} its session
   */
  async attach() {
    const found = new Promise((resolve) => {
      this.on('Target.targetCreated', ({ targetInfo }) => {
        if (targetInfo.type === 'page') resolve(targetInfo.targetId);
      });
    });
    await this.ask('Target.setDiscoverTargets', { discover: true });
    const { sessionId } = await this.ask('Target.attachToTarget', { targetId: await found, flatten: true });
    // The window begins with an empty page, which goes when ours comes.
    while (!(await this.#isThere(sessionId))) await sleep(10);
    return sessionId;
  }

  /** @param {string} sessionId */
  async #isThere(sessionId) {
    try {
      const expression = `document.querySelector('.window') !== null`;
      const { result } = await this.ask('Runtime.evaluate', { expression }, sessionId);
      return result.value === true;
    } catch {
      return false;
    }
  }
}
