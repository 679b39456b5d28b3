// Keeps secrets where they are needed: settings go out masked, and what comes back masked means what it was.
import { MASKED, maskedRule, unmaskedRules } from '../../../shared/host-rules.ts';
import type { Settings } from '../../../shared/settings.ts';
import { maskCredentials } from '../../../shared/url.ts';

/** The settings as windows, logs and exports may see them. */
export function maskedSettings(settings: Settings): Settings {
  return { ...settings, proxy: maskedProxy(settings.proxy), hostRules: settings.hostRules.map(maskedRule) };
}

/** A change with the secrets of `before` where it only has their masks. */
export function unmaskedChange(change: Partial<Settings>, before: Settings): Partial<Settings> {
  const { proxy, hostRules } = change;
  return {
    ...change,
    ...(proxy != null && proxy === maskedProxy(before.proxy) && { proxy: before.proxy }),
    ...(hostRules && { hostRules: unmaskedRules(hostRules, before.hostRules) }),
  };
}

function maskedProxy(proxy: string | null): string | null {
  return proxy && (proxy.includes('://') ? maskCredentials(proxy) : proxy.replace(/^.*@/, `${MASKED}@`));
}

const secretNames: ReadonlySet<string> = new Set([
  'extraCa',
  'cookies',
  'password',
  'bearer',
  'authorization',
  'cookie',
]);

/** For JSON.stringify: header values, credentials in addresses and the like are nobody's business but the worker's. */
export function maskSecrets(name: string, value: unknown): unknown {
  if (name === 'headers' && typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.keys(value).map((header) => [header, MASKED]));
  }
  if (typeof value !== 'string') return value;
  if (secretNames.has(name)) return MASKED;
  if (name === 'proxy') return maskedProxy(value);
  return value.includes('://') ? maskCredentials(value) : value;
}
