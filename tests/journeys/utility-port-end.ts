// In the utility process: the other end of the Port, steered over a socket.
import net from 'node:net';
import { utilityPort, type UtilityChannel } from '../../main/transport/process.ts';
import { obey } from '../transport/steered-end.ts';

const { parentPort } = process as unknown as { parentPort: UtilityChannel };
const port = utilityPort(parentPort);
const socket = net.connect(Number(process.argv.at(-1)), '127.0.0.1');
obey(port, socket, socket, () => process.exit());
