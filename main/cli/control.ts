// The commands that act on a list: on the instance that has it open, or on the stored list when none runs.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { answer, ApiError } from '../../shared/answer.ts';
import { calls, type CallArg, type CallName, type CallResult, type Selection } from '../../shared/api.ts';
import type { Row } from '../../shared/download.ts';
import { maskCredentials, splitCredentials } from '../../shared/url.ts';
import { Engine } from '../engine/engine.ts';
import { isGone, openInstance } from '../engine/instance.ts';
import { stateDir } from '../engine/state-dir.ts';
import { fit, size } from './format.ts';
import { UsageError, type Command, type ListAction } from './options.ts';
import { waysOf, type Surroundings } from './run.ts';
import { rejectedIn } from './rejected.ts';
import { sourcesOf, type Sources } from './sources.ts';

type Caller = {
  call<N extends CallName>(name: N, arg: CallArg<N>): Promise<CallResult<N>>;
  close(): Promise<void>;
};

const PAGE = 500;
const nothing: Sources = { text: '', files: [] };
const everything = {
  status: 'all',
  text: '',
  category: null,
  host: null,
  sort: 'position',
  descending: false,
} as const;

type Control = Extract<Command, { kind: 'add' | 'list' | 'export' | 'import' | 'machines' | ListAction }>;

export async function control(command: Control, around: Surroundings): Promise<number> {
  // Standard input can be read once only.
  const sources = command.kind === 'add' ? await sourcesOf(command.inputs) : nothing;
  for (;;) {
    const caller = await open(stateDir(command.data), around);
    try {
      return await act(caller, command, sources, around);
    } catch (error) {
      // The one that had the list has ended meanwhile: then the stored list is acted on.
      if (!isGone(error) || around.output.spoke) throw error;
    } finally {
      await caller.close();
    }
  }
}

async function act(caller: Caller, command: Control, sources: Sources, around: Surroundings): Promise<number> {
  switch (command.kind) {
    case 'add':
      return add(caller, command, sources, around);
    case 'list':
      return await list(caller, command.json, around);
    case 'machines':
      return await machines(caller, command, around);
    case 'export':
      return await exportTo(caller, command, around);
    case 'import':
      return await importFrom(caller, command, around);
    case 'remove': {
      const which = await selectionOf(caller, command.which);
      const { changed } = await caller.call('remove', { which, deleteFiles: command.deleteFiles });
      return told(changed, command, around);
    }
    case 'pause':
    case 'resume':
    case 'retry':
    case 'redownload': {
      const { changed } = await caller.call(command.kind, await selectionOf(caller, command.which));
      return told(changed, command, around);
    }
    default:
      return command satisfies never;
  }
}

async function open(dataDir: string, { nativeBinding, spawnWorker, version }: Surroundings): Promise<Caller> {
  const instance = await openInstance(dataDir, nativeBinding);
  if (instance.kind === 'second') {
    return { call: (name, arg) => instance.remote.call(name, arg), close: async () => instance.remote.close() };
  }
  const engine = new Engine({ dataDir, spawnWorker, nativeBinding, version });
  return {
    async call(name, arg) {
      const result = await answer(calls, engine.handlers, name, arg);
      if (!result.ok) throw new ApiError(result.error);
      return result.value as CallResult<typeof name>;
    },
    async close() {
      await engine.close();
      instance.close();
    },
  };
}

async function add(
  caller: Caller,
  command: Extract<Control, { kind: 'add' }>,
  { text, files }: Sources,
  around: Surroundings,
): Promise<number> {
  const ways = await waysOf(command.ways);
  const preview = await caller.call('preview', files.length > 0 ? { files, links: text } : { text });
  const rejected = await rejectedIn(caller, preview);
  const dir = path.resolve(command.dir ?? '.');
  const tellRejected = () => {
    for (const { line, text: shown, reason, message } of rejected) {
      if (command.json) around.output.json({ event: 'rejected', line, text: shown, code: reason, message });
      else around.output.line(`line ${line}: ${message ?? reason ?? ''}  ${shown}`);
    }
  };
  const { added } = await caller.call('addBatch', { ...ways, batch: preview.batch, dir }).catch((error: unknown) => {
    // Else it is done once more, and they are told then.
    if (!isGone(error)) tellRejected();
    throw error;
  });
  tellRejected();
  if (command.json) around.output.json({ event: 'added', count: added });
  else around.output.line(`${added} added.`);
  const { counts } = preview;
  if (counts.url + counts.known + counts.duplicate === 0)
    throw new UsageError('There is nothing to download among the lines given.');
  return 0;
}

async function exportTo(
  caller: Caller,
  { what, file, secrets, json }: Extract<Control, { kind: 'export' }>,
  { output, stdout }: Surroundings,
): Promise<number> {
  const toOutput = file === '-';
  const folder = toOutput ? fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-export-')) : '';
  try {
    const format = json || /\.json$/i.test(file) ? 'json' : 'text';
    const to = { file: toOutput ? path.join(folder, 'export') : path.resolve(file), format, secrets } as const;
    await caller.call(what === 'list' ? 'exportList' : 'exportSettings', to);
    if (toOutput) await pipeline(fs.createReadStream(to.file), stdout, { end: false });
    else if (json) output.json({ event: 'exported', what, file: to.file });
    else output.line(`Written to ${to.file}`);
    return 0;
  } finally {
    if (toOutput) fs.rmSync(folder, { recursive: true, force: true });
  }
}

async function importFrom(
  caller: Caller,
  command: Extract<Control, { kind: 'import' }>,
  around: Surroundings,
): Promise<number> {
  const { output } = around;
  const lists: string[] = [];
  let wrong = 0;
  for (const file of command.files.map((one) => path.resolve(one))) {
    try {
      const { changed, problems } = await caller.call('importSettings', { file });
      wrong += problems.length;
      for (const { name, line, why } of problems) {
        if (command.json) output.json({ event: 'rejected', line, text: name, code: why.code, message: why.message });
        else output.line(`${line === null ? '' : `line ${line}: `}${name}: ${why.message}`);
      }
      if (command.json) output.json({ event: 'settings', count: changed });
      else output.line(`${changed} settings taken over.`);
    } catch (error) {
      if (!(error instanceof ApiError && error.told.code === 'no-settings')) throw error;
      lists.push(file);
    }
  }
  if (lists.length > 0) await add(caller, { ...command, kind: 'add', inputs: lists }, await sourcesOf(lists), around);
  return wrong > 0 ? 1 : 0;
}

async function list(caller: Caller, json: boolean, { output }: Surroundings): Promise<number> {
  for (let offset = 0; ; offset += PAGE) {
    const { rows } = await caller.call('list', { query: everything, offset, limit: PAGE });
    for (const row of rows) {
      if (json) output.json(rowAsJson(row));
      else output.line(rowAsText(row));
    }
    if (rows.length < PAGE) return 0;
  }
}

async function machines(
  caller: Caller,
  { order, json }: Extract<Control, { kind: 'machines' }>,
  { output }: Surroundings,
): Promise<number> {
  if (order) await caller.call('changeMachine', order);
  for (const machine of await caller.call('machines', null)) {
    if (json) output.json(machine);
    else {
      const { place, address, mode, here, leases, files, seenAt, barredUntil } = machine;
      const away = barredUntil === null ? '' : `, barred until ${new Date(barredUntil).toISOString()}`;
      const seen = here ? 'here' : `last seen ${new Date(seenAt).toISOString()}${away}`;
      output.line(`${place || 'here'}  ${address}  ${mode}  ${seen}  ${leases} running, ${files} done`);
    }
  }
  return 0;
}

function rowAsJson(row: Row): object {
  const { id, url, status, name, dir, priority, sizeBytes, doneBytes, bytesPerS, failure, addedAt, finishedAt } = row;
  const file = path.join(dir, name);
  return { id, url, status, path: file, priority, sizeBytes, doneBytes, bytesPerS, failure, addedAt, finishedAt };
}

function rowAsText({ id, status, name, sizeBytes, doneBytes, failure, url }: Row): string {
  const amount = sizeBytes === null ? size(doneBytes) : `${size(doneBytes)} of ${size(sizeBytes)}`;
  const why = failure ? `  ${failure.message}` : '';
  return `${String(id).padStart(6)}  ${status.padEnd(7)}  ${fit(name, 40)}  ${amount.padStart(22)}  ${url}${why}`;
}

/** Ids, addresses or `all`. Throws a UsageError for what the list does not have. */
async function selectionOf(caller: Caller, which: readonly string[]): Promise<Selection> {
  if (which.includes('all')) return { query: everything };
  const ids: number[] = [];
  for (const word of which) {
    if (/^\d+$/.test(word)) {
      if (!(await caller.call('detail', { id: Number(word) }))) throw new UsageError(`There is no download ${word}.`);
      ids.push(Number(word));
      continue;
    }
    // The list keeps addresses without the credentials that were in them.
    const url = splitCredentials(word)?.url ?? word;
    const { rows } = await caller.call('list', { query: { ...everything, text: url }, offset: 0, limit: PAGE });
    const same = rows.filter((row) => row.url === url);
    if (same.length === 0) throw new UsageError(`There is no download of ${maskCredentials(word)}.`);
    ids.push(...same.map(({ id }) => id));
  }
  return { ids };
}

function told(changed: number, { kind, json }: Control, { output }: Surroundings): number {
  if (json) output.json({ event: kind, count: changed });
  else output.line(`${changed} changed.`);
  return 0;
}
