import { memoryPorts } from '../../main/transport/memory.ts';
import { portContract } from './port-contract.ts';

portContract(
  'memory',
  async () => {
    const [near, far] = memoryPorts();
    return { near, far };
  },
  { canDie: false },
);
