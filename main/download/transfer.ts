// One task from its lease to its outcome: open, fetch, start over when the content changed, verify, give it its name.
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Checksum, Extent } from '../../shared/download.ts';
import { fail, type Failure } from '../../shared/failure.ts';
import { needsTarget, RIVAL_SUFFIX, type Outcome, type Task } from '../../shared/protocol.ts';
import { because } from '../../shared/why.ts';
import { bytesIn, coversAll, gapsOf, without, type Extents } from './extents.ts';
import { BYTES_MISSING, failureOf, PART_CHANGED } from './failures.ts';
import { mustBeIn } from './disk/folder.ts';
import { Bucket } from './limits.ts';
import { PartFile } from './disk/part-file.ts';
import { PartNote } from './disk/part-note.ts';
import { isSameFile, place, takeAway } from './disk/placing.ts';
import type { Report, World } from './report.ts';
import type { Complete, SessionEnd } from './session-contract.ts';
import { Session } from './session.ts';
import { broughtBy, Sources } from './sources.ts';
import { verify } from './disk/verify.ts';

/** Content that changes more often than this while it is fetched is given up. */
const RESTARTS_MAX = 3;

export class Transfer {
  readonly task: Task;
  readonly #world: World;
  readonly #report: Report;
  readonly #bucket: Bucket;
  readonly #note: PartNote | null;
  readonly #sources: Sources;
  #part: PartFile | null = null;
  #session: Session | null = null;
  #granted: number;
  #oneStream = false;
  #cancelled = false;
  /** What `partPath` durably holds; the only thing that may be told as saved. */
  #claimed: Extent[];
  /** Set while a part file of newer content stands beside the claimed one. */
  #rival: { tellProbed: (() => void) | null; move: Promise<void> | null } | null = null;
  #targetPath: string;
  #targetsOwed = 0;
  #wake: (() => void) | null = null;

  constructor(task: Task, world: World, report: Report) {
    this.task = task;
    this.#world = world;
    this.#report = report;
    this.#bucket = new Bucket(task.limitBytesPerS);
    this.#granted = task.connections;
    this.#sources = new Sources(task, report);
    this.#note = task.notePath === null ? null : PartNote.at(task.notePath);
    this.#claimed = [...task.extents];
    this.#targetPath = task.targetPath;
  }

  get receivedBytes(): number {
    return this.#part?.receivedBytes ?? bytesIn(this.#claimed);
  }

  get connections(): number {
    return this.#session?.connections ?? 0;
  }

  set limitBytesPerS(value: number | null) {
    this.#bucket.bytesPerS = value;
  }

  get granted(): number {
    return this.#granted;
  }

  /** How many connections it may have, from now on. */
  set granted(value: number) {
    this.#granted = value;
    if (this.#session && !this.#oneStream) this.#session.granted = value;
  }

  /** Where the finished file goes, in answer to `probed` or `targetTaken`. */
  setTarget(path: string): void {
    this.#targetPath = path;
    this.#targetsOwed = Math.max(0, this.#targetsOwed - 1);
    this.#wake?.();
  }

  /** Ends it soon with a `released` outcome that holds all that has arrived. */
  cancel(): void {
    this.#cancelled = true;
    this.#session?.stop();
    this.#wake?.();
  }

  /** Runs it to its outcome. Never rejects. */
  async run(): Promise<Outcome> {
    try {
      return await this.#run();
    } catch (error) {
      return { kind: 'failed', failure: failureOf(error), extents: this.#claimed };
    }
  }

  /** Closes what is open, once the outcome was told. */
  async close(): Promise<void> {
    await this.#part?.close();
    this.#note?.close();
  }

  /** Takes away the part file's own name, once the engine has written down that the file is done. */
  async removePart(): Promise<void> {
    this.#note?.remove();
    await takeAway(this.task.partPath);
  }

  async #run(): Promise<Outcome> {
    let part = await this.#open();
    if (!part) return this.#finishedBefore();
    const sources = this.#sources;
    sources.begin(part.written);
    for (let restarts = 0; ;) {
      // Servers behind one name that do not agree on validators still give one stream each.
      this.#oneStream = restarts >= 2;
      const end = await this.#fetch(part);
      switch (end.kind) {
        case 'complete': {
          const outcome = await this.#finish(part, end, restarts < RESTARTS_MAX);
          if (outcome) return outcome;
          restarts += 1;
          break;
        }
        case 'stopped':
          return { kind: 'released', extents: await this.#release(part) };
        case 'failed':
        case 'distrusted': {
          const failure = end.kind === 'failed' ? end.failure : await this.#distrust(part, end);
          const told = sources.goOn(failure);
          if (told) return { kind: 'failed', failure: told, extents: await this.#release(part) };
          break;
        }
        case 'changed':
          this.#report.event('changed-on-server', end.why);
          if (restarts >= RESTARTS_MAX) {
            const failure = fail('changed-on-server', because('keeps-changing', { because: end.why }), 'soon');
            return { kind: 'failed', failure, extents: await this.#release(part) };
          }
          part = await this.#startOver(part, end.mixed);
          sources.known = null;
          restarts += 1;
          break;
        default:
          end satisfies never;
      }
    }
  }

  /** Opens the part file, or makes one. Null when the file was finished and named before a crash. */
  async #open(): Promise<PartFile | null> {
    const { partPath, targetPath, extents, validators, mirrors } = this.task;
    if (this.#note?.tellsAllOf(targetPath, validators)) return null;
    if (extents.length === 0) {
      this.#part = await PartFile.create(partPath, false);
      if (this.#part) return this.#part;
    }
    // A crash may have left the newer content of an earlier try beside it.
    await takeAway(partPath + RIVAL_SUFFIX);
    if (await isSameFile(partPath, targetPath)) return null;
    // A note does not say who brought what.
    const noted = (fd: number): Extents | null =>
      validators && this.#note ? (this.#note.read(fd, validators)?.filter(() => mirrors.length === 0) ?? null) : [];
    this.#part = await PartFile.open(partPath, extents, noted);
    if (this.#part && this.#part.written.length > 0) return this.#part;
    await this.#part?.close();
    if (extents.length > 0) {
      this.#report.event('part-file-lost', { claimedBytes: bytesIn(extents) });
      this.#claim([]);
    }
    return (this.#part = await PartFile.create(partPath, true));
  }

  /** A part file gets its final name only when it is complete, verified and durable: nothing but the telling is left. */
  async #finishedBefore(): Promise<Outcome> {
    const { targetPath, checksum } = this.task;
    await this.#world.directories.sync(dirname(targetPath));
    const { size } = await stat(targetPath);
    const sha256 = await this.#sha256(targetPath, checksum);
    return { kind: 'done', path: targetPath, sizeBytes: size, sha256, verified: checksum !== null };
  }

  /** Drops sources and what they brought. */
  async #distrust(part: PartFile, end: Extract<SessionEnd, { kind: 'distrusted' }>): Promise<Failure> {
    const failure = fail('changed-on-server', because('sources-differ', { because: end.why }), 'soon');
    await part.settle();
    for (const source of end.sources) this.#sources.drop(source, failure);
    this.#forget(part, broughtBy(end.sources));
    return failure;
  }

  /** Counts a piece of the part file as missing again. */
  #forget(part: PartFile, gone: Extents): void {
    this.#sources.forget(gone);
    part.keepOnly(without(part.written, gone));
  }

  async #fetch(part: PartFile): Promise<SessionEnd> {
    if (this.#cancelled) return { kind: 'stopped' };
    this.#session = new Session({
      task: this.task,
      sources: this.#sources,
      world: this.#world,
      report: this.#report,
      part,
      kept: this.#sources.kept,
      formerly: this.task.validators,
      bucket: this.#bucket,
      connections: this.#oneStream ? 1 : this.#granted,
      onProbed: (seen, contentDisposition) => {
        const validators = this.#sources.learn(seen);
        const tell = (): void => {
          const { naming, url } = this.task;
          if (needsTarget(naming, url, { validators, contentDisposition })) this.#targetsOwed += 1;
          this.#report.probed(validators, contentDisposition);
        };
        if (this.#rival) this.#rival.tellProbed = tell;
        else tell();
      },
    });
    part.onWritten = (extents, fd, anew) => {
      const { known } = this.#sources;
      if (known) this.#note?.write(fd, known, extents, anew);
    };
    part.onLost = () => this.#note?.remove();
    part.onDurable = (extents) => {
      if (!this.#rival) this.#claim(extents);
      else if (coversAll(extents, this.#claimed)) this.#takeOver(part).catch((error: unknown) => part.onError?.(error));
    };
    const end = await this.#session.run();
    this.#session = null;
    return end;
  }

  #claim(extents: Extents): void {
    this.#claimed = [...extents];
    this.#report.saved(this.#claimed, this.#sources.brought);
  }

  /**
   * Begins a part file for the new content. The old one stays in its place until the new one has passed it.
   * `mixed`: the old one has taken bytes of the new content, so that nothing it holds may be claimed any more.
   */
  async #startOver(old: PartFile, mixed: boolean): Promise<PartFile> {
    const { partPath } = this.task;
    await this.#rival?.move;
    // A flush that is under way would claim what is not to be claimed any more.
    if (mixed || this.#rival) old.onDurable = null;
    if (mixed && !this.#rival) this.#claim([]);
    else if (!this.#rival) {
      await old.settle();
      await old.flush();
    }
    this.#report.event('restarted-from-zero', { keptBytes: bytesIn(this.#claimed) });
    await old.close();
    await mustBeIn(old.folder, partPath);
    const inPlace = this.#claimed.length === 0;
    this.#rival = inPlace ? null : { tellProbed: null, move: null };
    this.#sources.forget(old.written);
    return (this.#part = (await PartFile.create(inPlace ? partPath : partPath + RIVAL_SUFFIX, true))!);
  }

  /** Puts the new content's part file in the old one's place. Its bytes are durable and at least as many. */
  #takeOver(part: PartFile): Promise<void> {
    const rival = this.#rival;
    if (!rival) return Promise.resolve();
    rival.move ??= (async () => {
      await part.moveTo(this.task.partPath);
      await this.#world.directories.sync(dirname(this.task.partPath));
      this.#rival = null;
      // In this order: the engine must not hold old bytes against new validators.
      rival.tellProbed?.();
      this.#claim(part.durable);
    })();
    return rival.move;
  }

  async #release(part: PartFile): Promise<Extent[]> {
    await part.settle();
    await part.flush();
    await this.#rival?.move;
    if (this.#rival) await takeAway(part.path);
    else this.#claimed = part.durable;
    return this.#claimed;
  }

  /** Verifies and names a complete part file. Null: some of it is missing or wrong and must be fetched again. */
  async #finish(part: PartFile, { totalBytes, endTold }: Complete, mayRefetch: boolean): Promise<Outcome | null> {
    await part.settle();
    // The plan says that all is there; what was really written decides.
    if (gapsOf(part.written, totalBytes).length > 0) {
      if (mayRefetch) return null;
      return { kind: 'failed', failure: BYTES_MISSING, extents: await this.#release(part) };
    }
    const isWhole = await part.seal(totalBytes);
    await this.#rival?.move;
    if (!isWhole || !(await part.isInPlace())) return { kind: 'failed', failure: PART_CHANGED, extents: [] };
    const checksum = this.task.checksum ?? this.#sources.known?.digest ?? null;
    const wrong = await this.#unlessCancelled(verify(part.path, totalBytes, checksum, this.#world.hashFile));
    if (wrong === 'cancelled') return { kind: 'released', extents: await this.#release(part) };
    if (wrong && mayRefetch) {
      const gone = this.#sources.suspect(wrong.good, totalBytes, wrong.failure);
      if (gone.length > 0) {
        this.#report.event('retrying', { code: 'wrong-checksum', badBytes: bytesIn(gone) });
        this.#forget(part, gone);
        return null;
      }
    }
    if (wrong) return { kind: 'failed', failure: wrong.failure, extents: [] };
    if (checksum) {
      const { algorithm, hex } = checksum;
      this.#report.event('verified', hex === undefined ? { algorithm } : { algorithm, hex });
    }
    const sha256 = await this.#unlessCancelled(this.#sha256(part.path, checksum));
    if (sha256 === 'cancelled') return { kind: 'released', extents: await this.#release(part) };
    await this.#takeOver(part);
    if (!(await part.isInPlace())) return { kind: 'failed', failure: PART_CHANGED, extents: [] };
    const path = await this.#place(part);
    if (path === null) return { kind: 'released', extents: await this.#release(part) };
    return { kind: 'done', path, sizeBytes: totalBytes, sha256, verified: checksum !== null, endTold };
  }

  async #sha256(path: string, checksum: Checksum | null): Promise<string | null> {
    if (checksum?.algorithm === 'sha256' && checksum.hex !== undefined) return checksum.hex;
    return this.task.hash ? this.#world.hashFile(path, 'sha256') : null;
  }

  /** Hashing a big file takes long; a cancel does not wait for it. */
  #unlessCancelled<T>(work: Promise<T>): Promise<T | 'cancelled'> {
    if (this.#cancelled) return Promise.resolve('cancelled');
    const cancelled = new Promise<'cancelled'>((go) => (this.#wake = () => this.#cancelled && go('cancelled')));
    return Promise.race([work, cancelled]);
  }

  async #place(part: PartFile): Promise<string | null> {
    for (;;) {
      while (this.#targetsOwed > 0 && !this.#cancelled) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
      if (this.#cancelled) return null;
      const path = this.#targetPath;
      if ((await place(part.path, path, part.folder)) === 'placed') {
        await this.#world.directories.sync(dirname(path));
        return path;
      }
      this.#targetsOwed += 1;
      this.#report.targetTaken();
    }
  }
}
