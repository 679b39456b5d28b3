// What a worker is told of the settings: all of them on this machine; elsewhere the rules and cookies of its own tasks' hosts alone.
import type { DownloadId } from '../../../shared/download.ts';
import { ruleFor } from '../../../shared/host-rules.ts';
import type { Task, TransferSettings } from '../../../shared/protocol.ts';
import { withScheme } from '../../../shared/proxy.ts';
import { hostsOf } from '../dispatch/lease.ts';

export class ToldSettings {
  readonly #elsewhere: boolean;
  #whole: TransferSettings | null = null;
  /** The hosts of what it has, by download. */
  readonly #hosts = new Map<DownloadId, readonly string[]>();
  #told = '';

  constructor(elsewhere: boolean) {
    this.#elsewhere = elsewhere;
  }

  /** What it is to be told, now that these are the settings. */
  changed(whole: TransferSettings): TransferSettings {
    this.#whole = whole;
    const settings = this.#elsewhere ? settingsFor(whole, new Set([...this.#hosts.values()].flat())) : whole;
    if (this.#elsewhere) this.#told = JSON.stringify(settings);
    return settings;
  }

  /** What it is to be told before it gets these tasks; null when it knows that already. */
  before(tasks: readonly Task[]): TransferSettings | null {
    if (!this.#elsewhere || this.#whole === null) return null;
    for (const task of tasks) this.#hosts.set(task.id, hostsOf(task));
    const { hosts, cookies } = this.#whole;
    if (hosts.length === 0 && cookies === null) return null;
    const before = this.#told;
    const settings = this.changed(this.#whole);
    return before === this.#told ? null : settings;
  }

  /** It has this one no more. */
  over(id: DownloadId): void {
    this.#hosts.delete(id);
  }
}

/** The settings with the rules, logins and cookies that are for these hosts (`name` or `name:port`), and no others; not the proxy's. */
export function settingsFor(settings: TransferSettings, hosts: ReadonlySet<string>): TransferSettings {
  const kept = new Set([...hosts].flatMap((host) => ruleFor(settings.hosts, host) ?? []));
  const names = [...hosts].map((host) => host.replace(/:\d+$/, ''));
  return {
    ...settings,
    proxy: settings.proxy === null ? null : withoutLogin(settings.proxy),
    cookies: cookiesOf(settings.cookies, names),
    hosts: settings.hosts.flatMap((rule) => {
      if (kept.has(rule)) return [{ ...rule, cookies: cookiesOf(rule.cookies, names) }];
      // It keeps what is kept for `*.name` away from the hosts that have another rule: a redirect may lead there.
      const covered = ruleFor([...kept], rule.host) !== undefined;
      return covered ? [{ host: rule.host, headers: {}, cookies: null, insecure: false }] : [];
    }),
  };
}

/** The login of a proxy is for the programs of this machine. Null for what is no address. */
function withoutLogin(proxy: string): string | null {
  try {
    const url = new URL(withScheme(proxy));
    url.username = '';
    url.password = '';
    return url.href;
  } catch {
    return null;
  }
}

/** Those lines of a cookies.txt that can be for one of these names. */
function cookiesOf(text: string | null, names: readonly string[]): string | null {
  if (text === null) return null;
  const lines = text.split(/\r\n?|\n/).filter((line) => {
    const domain = line
      .split('\t', 1)[0]!
      .replace(/^#HttpOnly_/, '')
      .replace(/^\./, '')
      .toLowerCase();
    return domain !== '' && names.some((name) => name === domain || name.endsWith(`.${domain}`));
  });
  return lines.length === 0 ? null : lines.join('\n');
}
