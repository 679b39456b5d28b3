// Machines of their own as far as the network goes: one namespace each, with a link to this one that can be cut.
import { execFileSync } from 'node:child_process';
import { onTestFinished } from 'vitest';

export type Elsewhere = {
  /** Put before a command to run it there. */
  within: readonly string[];
  /** Where this machine is reached at the other end of the link. */
  gateway: string;
  cut: () => void;
  mend: () => void;
};

const ip = (...words: string[]) => execFileSync('ip', words, { stdio: 'pipe' });

/** Why there can be no namespaces here; null when there can. */
export function namespacesRefused(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root on Linux makes network namespaces';
  const name = `sluice-${process.pid}-try`;
  try {
    ip('netns', 'add', name);
    ip('link', 'add', `s${process.pid}t`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
    return null;
  } catch (error) {
    return (error as Error).message.trim();
  } finally {
    forget(name);
  }
}

/** Makes `count` namespaces with a link each; all are gone when the running test ends. */
export function makeNamespaces(count: number): Elsewhere[] {
  const subnet = `10.${200 + (process.pid % 50)}.${Math.floor(process.pid / 50) % 250}`;
  return Array.from({ length: count }, (_, n): Elsewhere => {
    const name = `sluice-${process.pid}-${n}`;
    const link = `s${process.pid}n${n}`;
    const [gateway, own] = [`${subnet}.${4 * n + 1}`, `${subnet}.${4 * n + 2}`];
    const there = (...words: string[]) => ip('-n', name, ...words);
    onTestFinished(() => forget(name));
    ip('netns', 'add', name);
    ip('link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
    ip('address', 'add', `${gateway}/30`, 'dev', link);
    ip('link', 'set', link, 'up');
    there('address', 'add', `${own}/30`, 'dev', 'eth0');
    there('link', 'set', 'lo', 'up');
    there('link', 'set', 'eth0', 'up');
    there('route', 'add', 'default', 'via', gateway);
    return {
      within: ['ip', 'netns', 'exec', name],
      gateway,
      cut: () => ip('link', 'set', link, 'down'),
      mend: () => ip('link', 'set', link, 'up'),
    };
  });
}

/** The link goes with the namespace that its other end is in. */
function forget(name: string): void {
  try {
    ip('netns', 'delete', name);
  } catch {
    // It was never made.
  }
}
