// What a worker needs to know of the settings.
import fs from 'node:fs';
import type { HostRule } from '../../shared/host-rules.ts';
import type { HostWays, TransferSettings } from '../../shared/protocol.ts';
import type { Settings } from '../../shared/settings.ts';
import { basicAuthorization } from '../../shared/url.ts';

/** A certificate or cookies file that cannot be read adds nothing. */
export function transferSettingsOf(settings: Settings, version: string): TransferSettings {
  const { lane, maxRetries, connectTimeoutMs, idleTimeoutMs, allowInsecureRedirect, proxy, noProxy } = settings;
  return {
    lane,
    maxRetries,
    connectTimeoutMs,
    idleTimeoutMs,
    allowInsecureRedirect,
    userAgent: settings.userAgent ?? `Sluice/${version}`,
    proxy,
    noProxy,
    extraCa: readOrNull(settings.extraCaFile),
    cookies: readOrNull(settings.cookiesFile),
    hosts: settings.hostRules.map(waysOf),
  };
}

function waysOf({ host, headers, referrer, user, password, bearer, cookiesFile, insecure }: HostRule): HostWays {
  return {
    host,
    headers: {
      ...headers,
      ...(referrer === null ? {} : { referer: referrer }),
      ...(user === null ? {} : { authorization: basicAuthorization(user, password ?? '') }),
      ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
    },
    cookies: readOrNull(cookiesFile),
    insecure,
  };
}

function readOrNull(file: string | null): string | null {
  if (file === null) return null;
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
