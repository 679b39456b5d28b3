// How a finished file travels back to the coordinator: who says what, and how a piece of it is marked.
import * as v from 'valibot';
import { integer } from '../../../shared/schema.ts';
import { DownloadId } from '../../../shared/download.ts';

const lease = { id: DownloadId, epoch: integer(1) };

/** Files of one machine that travel at once; the next ones wait there. */
export const MAX_AT_ONCE = 4;
/** Files of one machine that travel or are checked and named here. */
export const MAX_OPEN = 16;
/** So many bytes of one file may be on their way: with `MAX_OPEN` it bounds what a machine can cost in memory. */
export const WINDOW_BYTES = 1024 * 1024;
/** Small, so that on a slow line other messages and the heartbeat need not wait long behind one. */
export const PIECE_BYTES = 32 * 1024;

/** From the worker: it has this file complete. Pieces follow once there is credit for them. */
export const Offer = v.object({
  kind: v.literal('offer'),
  ...lease,
  sizeBytes: integer(0),
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
});
export type Offer = v.InferOutput<typeof Offer>;

/** To the worker. */
export const ToSender = v.variant('kind', [
  /** What is before `from` is here already; no further than `upTo` may be sent until the next credit. */
  v.object({
    kind: v.literal('credit'),
    ...lease,
    from: integer(0),
    upTo: integer(0),
  }),
  /** It is not taken. `wrong`: it is not what it was said to be, and is of no use to anybody. */
  v.object({ kind: v.literal('not-taken'), ...lease, why: v.picklist(['not-wanted', 'failed', 'wrong']) }),
]);
export type ToSender = v.InferOutput<typeof ToSender>;

/** One piece of a file, from `offset` on. */
export interface Piece {
  id: number;
  epoch: number;
  offset: number;
  bytes: Buffer;
}

const HEAD_BYTES = 18;

/** A piece as the body of a binary frame: id, epoch and offset with 6 bytes each, big-endian, then the bytes. */
export function encodePiece({ id, epoch, offset, bytes }: Piece): Buffer {
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  head.writeUIntBE(id, 0, 6);
  head.writeUIntBE(epoch, 6, 6);
  head.writeUIntBE(offset, 12, 6);
  return Buffer.concat([head, bytes]);
}

/** Null when it is too short to be one. The bytes are a view. */
export function decodePiece(body: Buffer): Piece | null {
  if (body.length <= HEAD_BYTES) return null;
  return {
    id: body.readUIntBE(0, 6),
    epoch: body.readUIntBE(6, 6),
    offset: body.readUIntBE(12, 6),
    bytes: body.subarray(HEAD_BYTES),
  };
}
