// Tries another machine's echo server step by step and says which steps pass, so that the one in the way is found.
import dgram from 'node:dgram';
import { lookup } from 'node:dns/promises';
import net from 'node:net';
import { ECHO_GREETING } from './echo.ts';

export const checkSteps = ['name', 'tcp-connect', 'tcp-greeting', 'tcp-echo', 'tcp-exit', 'udp-hello'] as const;
export type CheckStep = (typeof checkSteps)[number];

/** `skipped`: a step before it failed. `why` is a sentence for people. */
export type CheckResult =
  | { step: CheckStep; outcome: 'passed'; ms: number }
  | { step: CheckStep; outcome: 'failed'; ms: number; why: string }
  | { step: CheckStep; outcome: 'skipped' };

/** Each step may take this long, in ms. */
const STEP_MS = 3_000;
/** UDP loses datagrams: the question is repeated so often, in ms. */
const UDP_AGAIN_MS = 500;

/** Tries all steps; `onResult` is told of each as it ends. Never rejects but for the signal. */
export async function check(
  host: string,
  port: number,
  {
    signal,
    onResult,
    stepMs = STEP_MS,
  }: { signal?: AbortSignal; onResult?: (result: CheckResult) => void; stepMs?: number } = {},
): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  const tell = (result: CheckResult): void => {
    results.push(result);
    onResult?.(result);
  };
  /** Runs one step; what it leaves running is ended by its signal. */
  const run = async <T>(step: CheckStep, act: (signal: AbortSignal) => Promise<T>): Promise<T | null> => {
    signal?.throwIfAborted();
    const begunAt = performance.now();
    const stop = new AbortController();
    const timer = setTimeout(
      () => stop.abort(new Error(`No answer came within ${stepMs / 1000} s: something drops it on the way.`)),
      stepMs,
    );
    const give = (): void => stop.abort(signal?.reason);
    signal?.addEventListener('abort', give, { once: true });
    try {
      const value = await act(stop.signal);
      tell({ step, outcome: 'passed', ms: performance.now() - begunAt });
      return value;
    } catch (error) {
      signal?.throwIfAborted();
      tell({ step, outcome: 'failed', ms: performance.now() - begunAt, why: explain(error) });
      return null;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', give);
    }
  };
  const skip = (...steps: CheckStep[]): void => steps.forEach((step) => tell({ step, outcome: 'skipped' }));

  const address = await run('name', (stop) => untilAborted(lookup(host), stop));
  if (!address) {
    skip('tcp-connect', 'tcp-greeting', 'tcp-echo', 'tcp-exit', 'udp-hello');
    return results;
  }
  const socket = net.connect({ host: address.address, port });
  const heard = listen(socket);
  try {
    const steps: [CheckStep, (stop: AbortSignal) => Promise<unknown>][] = [
      ['tcp-connect', (stop) => heard.connected(stop)],
      ['tcp-greeting', (stop) => heard.text(ECHO_GREETING, stop)],
      ['tcp-echo', (stop) => (socket.write('check'), heard.text('Loop_Msg: check!', stop))],
      ['tcp-exit', (stop) => (socket.write('exit'), heard.end(stop))],
    ];
    for (const [n, [step, act]] of steps.entries()) {
      if ((await run(step, async (stop) => (await act(stop), true))) !== null) continue;
      skip(...steps.slice(n + 1).map(([later]) => later));
      break;
    }
  } finally {
    socket.destroy();
  }
  await run('udp-hello', (stop) => askUdp(address.address, port, stop));
  return results;
}

/** Collects what a socket says, from the start. */
function listen(socket: net.Socket) {
  let text = '';
  let connected = false;
  let ended = false;
  let failure: Error | undefined;
  let wake = (): void => undefined;
  socket.on('connect', () => ((connected = true), wake()));
  socket.on('data', (chunk: Buffer) => ((text = (text + chunk.toString('utf8')).slice(0, 4096)), wake()));
  socket.on('error', (error) => ((failure = error), wake()));
  socket.on('close', () => ((ended = true), wake()));
  const until = (condition: () => boolean, stop: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      stop.addEventListener('abort', () => reject(stop.reason as Error), { once: true });
      wake = () => {
        if (condition()) resolve();
        else if (failure) reject(failure);
        else if (ended) reject(new Error(`The connection was closed${text ? ` after ${JSON.stringify(text)}` : ''}.`));
      };
      wake();
    });
  return {
    connected: (stop: AbortSignal) => until(() => connected, stop),
    end: (stop: AbortSignal) => until(() => ended && !failure, stop),
    async text(wanted: string, stop: AbortSignal) {
      await until(() => text.length >= wanted.length, stop);
      const got = text.slice(0, wanted.length);
      text = text.slice(wanted.length);
      if (got !== wanted)
        throw new Error(
          `${JSON.stringify(wanted)} was expected, ${JSON.stringify(got)} came: something else listens there.`,
        );
    },
  };
}

function askUdp(address: string, port: number, stop: AbortSignal): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const socket = dgram.createSocket(net.isIPv6(address) ? 'udp6' : 'udp4');
    const ask = (): void => socket.send('check', (error) => error && reject(error));
    const again = setInterval(() => ask(), UDP_AGAIN_MS);
    const finish = (act: () => void): void => {
      clearInterval(again);
      socket.close();
      act();
    };
    let over = false;
    const once = (act: () => void): void => {
      if (over) return;
      over = true;
      finish(act);
    };
    stop.addEventListener('abort', () => once(() => reject(stop.reason as Error)), { once: true });
    // A connected socket hears nothing from others, and is told when the port is closed.
    socket.connect(port, address, () => ask());
    socket.on('error', (error) => once(() => reject(error)));
    socket.on('message', (message) => {
      const got = message.toString('utf8');
      once(() =>
        got === 'Hello, check!'
          ? resolve()
          : reject(new Error(`${JSON.stringify(got.slice(0, 100))} came: something else listens there.`)),
      );
    });
  });
}

function untilAborted<T>(promise: Promise<T>, stop: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    stop.addEventListener('abort', () => reject(stop.reason as Error), { once: true });
    promise.then(resolve, reject);
  });
}

function explain(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ECONNREFUSED':
      return 'The machine answers, but nothing listens on this port (or a firewall refuses it).';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'There is no machine of this name.';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'There is no way to this machine from here.';
    case 'ECONNRESET':
      return 'The connection was cut.';
    default:
      return message;
  }
}
