// What a worker needs to know of the settings.
import fs from 'node:fs';
import type { TransferSettings } from '../../shared/protocol.ts';
import type { Settings } from '../../shared/settings.ts';

/** `limitBytesPerS`: the worker's share of the limit. A certificate file that cannot be read adds no authority. */
export function transferSettingsOf(
  settings: Settings,
  limitBytesPerS: number | null,
  version: string,
): TransferSettings {
  const { lane, maxRetries, connectTimeoutMs, idleTimeoutMs, allowInsecureRedirect, proxy, insecureHosts } = settings;
  return {
    lane,
    limitBytesPerS,
    maxRetries,
    connectTimeoutMs,
    idleTimeoutMs,
    allowInsecureRedirect,
    userAgent: `Sluice/${version}`,
    proxy,
    extraCa: settings.extraCaFile === null ? null : readOrNull(settings.extraCaFile),
    insecureHosts,
  };
}

function readOrNull(file: string): string | null {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
