// What a worker needs to know of the settings and of the files that they name, told again when either has changed.
import fs from 'node:fs';
import type { HostRule } from '../../../shared/host-rules.ts';
import type { HostWays, TransferSettings } from '../../../shared/protocol.ts';
import type { Settings } from '../../../shared/settings.ts';
import { basicAuthorization } from '../../../shared/url.ts';
import type { WorkerLink } from '../dispatch/worker-link.ts';

export class WorkerSettings {
  readonly #settings: () => Settings;
  readonly #workers: () => Iterable<Pick<WorkerLink, 'configure'>>;
  readonly #version: string;
  /** How the files stood when all workers were told last. */
  #stamps: string;

  constructor(settings: () => Settings, workers: () => Iterable<Pick<WorkerLink, 'configure'>>, version: string) {
    this.#settings = settings;
    this.#workers = workers;
    this.#version = version;
    this.#stamps = stampsOf(settings());
  }

  /** As they are now. */
  get current(): TransferSettings {
    return transferSettingsOf(this.#settings(), this.#version);
  }

  /** Tells all workers. */
  send(): void {
    // Looked at first: what is written meanwhile is read once more.
    this.#stamps = stampsOf(this.#settings());
    const settings = this.current;
    for (const worker of this.#workers()) worker.configure(settings);
  }

  /** Tells all workers when a file that the settings name is another one than before: cookies are exported anew. */
  lookAtFiles(): void {
    if (stampsOf(this.#settings()) !== this.#stamps) this.send();
  }
}

/** Tells whether one of the files was written, replaced, taken away or put there. */
function stampsOf({ extraCaFile, cookiesFile, hostRules }: Settings): string {
  const files = [extraCaFile, cookiesFile, ...hostRules.map((rule) => rule.cookiesFile)];
  return files
    .map((file) => {
      if (file === null) return '';
      try {
        const { mtimeNs, size, ino } = fs.statSync(file, { bigint: true });
        return `${mtimeNs}:${size}:${ino}`;
      } catch {
        return 'none';
      }
    })
    .join(' ');
}

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
