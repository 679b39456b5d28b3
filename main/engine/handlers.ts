// Answers every call of the API; thin, each one hands over to the part of the engine that knows.
import path from 'node:path';
import { ApiError, refusal } from '../../shared/answer.ts';
import type { CallArg, Handlers } from '../../shared/api.ts';
import { asMirrored, type NewDownload } from '../../shared/download.ts';
import type { Settings, SettingsChange } from '../../shared/settings.ts';
import { hostOf, splitCredentials } from '../../shared/url.ts';
import { because } from '../../shared/why.ts';
import { keyOf, usableDir, type Adding } from './adding.ts';
import type { DiskRoom } from './disk-room.ts';
import type { Dispatch } from './dispatch/dispatch.ts';
import { exportList, exportSettings, importSettings } from './exchange.ts';
import { addressOf } from './intake/address.ts';
import { checkFiles } from './settings/setting-files.ts';
import { readList, type ListSource } from './intake/source.ts';
import type { Machines } from './machines.ts';
import type { Removals } from './removals.ts';
import type { Store } from './store/store.ts';
import type { View } from './view.ts';

type Parts = {
  store: Store;
  machines: Machines;
  dispatch: Dispatch;
  removals: Removals;
  adding: Adding;
  view: View;
  disk: DiskRoom;
  settings: () => Settings;
  /** With its secrets. */
  wholeSettings: () => Settings;
  /** Where downloads go that name no folder. */
  dir: () => string;
  changeSettings: (change: Partial<Settings>) => Settings;
  listChanged: () => void;
  startDemo: ((add: (downloads: NewDownload[]) => Promise<unknown>) => Promise<number>) | undefined;
};

export function createHandlers(parts: Parts): Handlers {
  const { store, dispatch, removals, adding, view, disk, machines, listChanged } = parts;
  function changeSettings(change: SettingsChange): Settings {
    const named = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
    if (change.dir) named['dir'] = usableDir(change.dir);
    const before = new Set(parts.settings().categories.map(({ dir }) => dir));
    for (const { dir } of change.categories ?? []) if (!before.has(dir)) usableDir(path.resolve(parts.dir(), dir));
    checkFiles(change);
    return parts.changeSettings(named);
  }

  return {
    async preview(source) {
      return adding.preview(await sourcesOf(source), (dir) => disk.freeBytes(dir));
    },
    previewLines: ({ batch, only, offset, limit }) => adding.previewLines(batch, only, offset, limit),
    addBatch: ({ batch, ...options }) => adding.addBatch(batch, { ...options, producer: 'window' }),
    room: ({ dir }) => ({ freeBytes: disk.freeBytes(path.resolve(dir || parts.dir())) }),
    discardBatch({ batch }) {
      adding.discard(batch);
      return null;
    },
    add: async ({ downloads, ...options }) => ({ ids: await adding.add(downloads, options) }),

    list: ({ query, offset, limit }) => view.list(query, offset, limit),
    listIds: ({ query, offset, limit }) => ({ ids: view.ids(query, offset, limit) }),
    linesOf: ({ which, what }) => ({ lines: view.linesOf(which, what) }),
    hosts: ({ query, limit }) => store.list.hosts(query, limit),
    overview: () => ({ counts: view.counts(), totals: view.totals(), revision: dispatch.revision }),
    detail: ({ id }) => view.detail(id),
    traffic: ({ afterSeq }) => view.traffic(afterSeq),
    machines: () => machines.list(),
    machineDownloads: ({ place, offset, limit }) => machines.downloads(place, offset, limit),
    changeMachine({ place, to }) {
      machines.change(place, to);
      return null;
    },

    pause(which) {
      const leased = store.list.selectedAmong(which, [...dispatch.leases.keys()]);
      const changed = store.transaction(() => store.list.moveSelected(which, ['queued', 'running'], 'paused'));
      dispatch.recall(leased, 'paused');
      listChanged();
      return { changed };
    },
    resume(which) {
      const changed = store.transaction(() => store.list.moveSelected(which, ['paused'], 'queued'));
      listChanged();
      return { changed };
    },
    retry(which) {
      const changed = store.transaction(() => store.list.retry(which));
      listChanged();
      return { changed };
    },
    redownload(which) {
      const changed = store.transaction(() => {
        for (const id of store.list.selectedIds(which, ['done'])) store.forgetContent(id);
        return store.list.moveSelected(which, ['done'], 'queued');
      });
      listChanged();
      return { changed };
    },
    remove({ which, deleteFiles }) {
      const done = removals.remove(which, deleteFiles);
      listChanged();
      return done;
    },
    undoRemove({ undo }) {
      const changed = removals.undo(undo);
      listChanged();
      return { changed };
    },
    move({ ids, to }) {
      const changed = store.list.reorder(ids, to);
      listChanged();
      return { changed };
    },
    setUrl({ id, url }) {
      const address = addressOf(url);
      if ('reason' in address) throw new ApiError({ code: address.reason, ...address });
      const before = store.get(id);
      const { url: bare, authorization } = splitCredentials(address.url) ?? { url: address.url, authorization: null };
      // What was for another server is not for this one.
      const kept = before && originOf(before.url) === originOf(bare) ? before.headers : {};
      store.transaction(() => {
        store.setUrl(id, bare, keyOf(bare), hostOf(bare));
        // What is here is kept, and compared with what comes from there.
        const validators = before?.validators?.mirror === undefined && asMirrored(before?.validators ?? null);
        if (validators) store.saveProbe(id, { ...validators, finalUrl: bare });
        store.setHeaders(id, authorization === null ? kept : { ...kept, authorization });
        store.events.add(id, { at: Date.now(), kind: 'new-link', detail: {} });
        store.list.moveSelected({ ids: [id] }, ['failed', 'paused', 'queued'], 'queued');
      });
      dispatch.recall([id], 'requeue');
      listChanged();
      return null;
    },
    setLimit({ id, limitBytesPerS }) {
      store.setLimit(id, limitBytesPerS);
      store.events.add(id, { at: Date.now(), kind: 'limit', detail: { bytesPerS: limitBytesPerS } });
      const lease = dispatch.leases.get(id);
      lease?.holder.send({ kind: 'limit', id, epoch: lease.epoch, limitBytesPerS });
      listChanged();
      return null;
    },

    setPriority({ which, priority }) {
      const changed = store.list.setPriority(which, priority);
      for (const id of store.list.selectedAmong(which, [...dispatch.leases.keys()])) {
        const lease = dispatch.leases.get(id)!;
        lease.stored = { ...lease.stored, priority };
      }
      listChanged();
      return { changed };
    },

    settings: () => parts.settings(),
    changeSettings,
    exportList: (to) => exportList(store, to),
    exportSettings: (to) => exportSettings(parts.wholeSettings(), to),
    importSettings: ({ file }) => importSettings(file, parts.wholeSettings(), changeSettings),
    async startDemo() {
      if (!parts.startDemo) throw refusal('no-demo', because('no-demo'));
      // In a folder of their own: nobody wants a dozen invented files among real ones.
      const dir = path.join(parts.dir(), 'Sluice demo');
      const add = (downloads: NewDownload[]) => adding.add(downloads, { producer: 'demo', dir });
      return { added: await parts.startDemo(add) };
    },
  };
}

function originOf(url: string): string {
  return new URL(url).origin;
}

async function sourcesOf(source: CallArg<'preview'>): Promise<ListSource[]> {
  if (!('files' in source)) return [source];
  const lists: ListSource[] = [];
  if (source.links) lists.push({ text: source.links });
  if (source.page) lists.push({ html: source.page });
  // One after the other: a thousand large ones at once would not fit into memory.
  for (const file of source.files) lists.push(await readList(file));
  return lists;
}
