// The other end of a Port between processes, steered through its standard input and output.
import { parentPort } from '../../main/transport/process.ts';
import { obey } from './steered-end.ts';

obey(parentPort(), process.stdin, process.stdout, () => process.exit());
