// The commands that look at the network: who serves, what answers, which step a firewall stops.
import { check, type CheckResult } from '../gateway/check.ts';
import { discover } from '../gateway/discovery.ts';
import { openEcho } from '../gateway/echo.ts';
import { join, joinPython } from './join.ts';
import type { NetworkCommand } from './options.ts';
import type { Surroundings } from './run.ts';
import { serve } from './serve.ts';
import { signalled } from './signalled.ts';

export async function network(command: NetworkCommand, around: Surroundings): Promise<number> {
  const { output } = around;
  switch (command.kind) {
    case 'serve':
      return serve(command, around);
    case 'join':
      return join(command, around);
    case 'join-python':
      return joinPython(command, around);
    case 'discover': {
      const found = await discover();
      for (const one of found) {
        if (command.json) output.json({ event: 'found', ...one });
        else output.line(`${one.name}  ${one.host}:${one.port}  fingerprint ${one.fingerprint}`);
      }
      return found.length > 0 ? 0 : 1;
    }
    case 'echo': {
      const echo = await openEcho(command.at);
      output.line(`Listening on ${command.at.host}:${echo.port}, TCP and UDP. Ctrl+C ends it.`);
      await signalled();
      await echo.close();
      return 0;
    }
    case 'check': {
      const results = await check(command.to.host, command.to.port, {
        onResult: (result) => {
          if (command.json) output.json({ event: 'check', ...result });
          else output.line(inWords(result));
        },
      });
      return results.every(({ outcome }) => outcome === 'passed') ? 0 : 1;
    }
    default:
      return command satisfies never;
  }
}

function inWords(result: CheckResult): string {
  const step = result.step.padEnd(13);
  switch (result.outcome) {
    case 'passed':
      return `${step} passed   ${result.ms.toFixed(1)} ms`;
    case 'failed':
      return `${step} FAILED   ${result.why}`;
    case 'skipped':
      return `${step} skipped`;
    default:
      return result satisfies never;
  }
}
