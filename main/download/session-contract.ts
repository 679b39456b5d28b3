// What a session is given and how it ends.
import type { Validators } from '../../shared/download.ts';
import type { Failure } from '../../shared/failure.ts';
import type { Task } from '../../shared/protocol.ts';
import type { Why } from '../../shared/why.ts';
import type { Bucket } from './limits.ts';
import type { PartFile } from './disk/part-file.ts';
import type { Report, World } from './report.ts';
import type { Source, Sources } from './sources.ts';

/** `endTold`: something else said where it ends than the end of the connection. */
export type Complete = { kind: 'complete'; totalBytes: number; endTold: boolean };

export type SessionEnd =
  | Complete
  /** The server has another content than what was kept; `mixed`: bytes of it may be in the part file. */
  | { kind: 'changed'; why: Why; mixed: boolean }
  /** Sources whose bytes may be wrong, because two differ where they met. */
  | { kind: 'distrusted'; sources: ReadonlySet<Source>; why: Why }
  | { kind: 'failed'; failure: Failure }
  | { kind: 'stopped' };

export interface SessionOptions {
  task: Task;
  /** Where to ask: the main one first, the others beside it once they were compared with it. */
  sources: Sources;
  world: World;
  report: Report;
  part: PartFile;
  /** What is known of the content that the part file has a piece of. */
  kept: Validators | null;
  /** What was kept of the content that the server had before, when this session starts over. */
  formerly: Validators | null;
  bucket: Bucket;
  /** How many connections it may open at most. */
  connections: number;
  /** The first good answer of a content that was not known before. */
  onProbed(validators: Validators, contentDisposition: string | null): void;
}
