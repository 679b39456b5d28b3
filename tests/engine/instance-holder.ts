// A process that holds a state directory until it is killed.
import { openInstance } from '../../main/engine/instance.ts';

const instance = await openInstance(process.argv[2]!, undefined);
process.send!(instance.kind);
