// In Electron's main process: keeps each promise of a Port with a utility process at its other end, and tells how that went, a line each.
import net from 'node:net';
import path from 'node:path';
import { app, utilityProcess } from 'electron';
import { utilityProcessPort } from '../../main/shell/utility-port.ts';
import { portPromises, portPromisesOfDeath, type PortPair } from '../transport/port-promises.ts';
import { steer } from '../transport/steered-end.ts';

/** Orders go to the other end over a socket of their own, so that the Port carries nothing but what it is to carry. */
async function makePair(): Promise<PortPair> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const connected = new Promise<net.Socket>((resolve) => server.once('connection', resolve));
  const { port } = server.address() as net.AddressInfo;
  const child = utilityProcess.fork(path.join(path.dirname(process.argv[1]!), 'utility-port-end.cjs'), [String(port)]);
  const near = utilityProcessPort(child);
  const socket = await connected;
  const killFar = () => void (child.pid !== undefined && process.kill(child.pid, 'SIGKILL'));
  const dispose = () => {
    killFar();
    socket.destroy();
    server.close();
  };
  return { near, far: steer(socket, socket), killFar, dispose };
}

async function keepAll(): Promise<void> {
  for (const [promise, keep] of Object.entries({ ...portPromises, ...portPromisesOfDeath })) {
    const pair = await makePair();
    let error: string | null = null;
    await keep(pair).catch((cause: unknown) => (error = String(cause)));
    await pair.dispose?.();
    console.log(JSON.stringify({ promise, error }));
  }
}

void app
  .whenReady()
  .then(keepAll)
  .finally(() => app.exit());
