// Addresses of those who come: how they are shown, and which of them are counted as one.
import { isIPv4, isIPv6 } from 'node:net';

/** As it is shown: IPv4 that came over IPv6 is IPv4. */
export function plainAddress(address: string | undefined): string {
  return (address ?? 'gone').replace(/^::ffff:(?=\d+\.)/i, '');
}

/**
 * Whom an address is counted for: of IPv6 its /64 network, all addresses of which one machine can take. On the link itself
 * all share one network, and each counts for itself.
 */
export function countedFor(address: string): string {
  const plain = plainAddress(address);
  const [numbers = ''] = plain.split('%');
  if (!isIPv6(numbers) || /^fe[89ab]/i.test(numbers)) return plain;
  const [head = '', tail] = numbers.split('::');
  const [first, last] = [head, tail ?? ''].map((part) => part.split(':').filter((group) => group !== '')) as [
    string[],
    string[],
  ];
  const lastCount = last.length + (isIPv4(last.at(-1) ?? '') ? 1 : 0);
  const zeros = Array<string>(Math.max(0, 8 - first.length - lastCount)).fill('0');
  const groups = [...first, ...(tail === undefined ? [] : zeros), ...last].slice(0, 4);
  return `${groups.map((group) => parseInt(group, 16).toString(16)).join(':')}::/64`;
}
