// Before a byte of a mirror counts: its length must be equal, and a piece of it to what is here already from elsewhere.
import { fail } from '../../shared/failure.ts';
import { because, type Why } from '../../shared/why.ts';
import { isCombinable } from './answers.ts';
import { Attempt } from './attempt.ts';
import { emptySegment, type Feed } from './feed.ts';
import { PROOF_BYTES, proofPoint } from './feeds.ts';
import { changed, type Next } from './refusals.ts';
import type { SessionOptions } from './session-contract.ts';
import { hostOf } from './sources.ts';
import type { Waits } from './waits.ts';

const TOO_LITTLE = fail('bad-response', because('brought-too-little'), 'soon');

/** Asks a mirror for a known piece. It is `open` afterwards when that was equal; else says what to do next. */
export async function prove(feed: Feed, options: SessionOptions, waits: Waits, isOver: () => boolean): Promise<Next> {
  const { report, part, sources } = options;
  const at = proofPoint(sources.ofMain(part.written));
  if (at === null) return { kind: 'leave' };
  feed.phase = 'checking';
  const attempt = new Attempt(emptySegment(at));
  const { url } = feed;
  const end = await feed.fetch(attempt, waits, {
    whole: false,
    careful: true,
    compares: true,
    isOver,
    onBody: ({ head, uncheckedHost }) => {
      if (uncheckedHost) report.event('certificate-exception', { host: uncheckedHost });
      return feed.content.learn(head) === null;
    },
    onWhole: () => null,
    onBytes: () => {},
  });
  if (!end || isOver()) return { kind: 'leave' };
  const { host } = feed.source;
  const isEqual = end.kind === 'over' && attempt.comparedBytes >= PROOF_BYTES;
  if (isEqual || end.kind === 'differs') {
    report.event('overlap-compared', { bytes: attempt.comparedBytes, equal: isEqual, host });
  }
  if (isEqual) {
    const { kept } = feed.content;
    if (kept && isCombinable(kept)) {
      feed.phase = 'open';
      return { kind: 'again', afterMs: 0 };
    }
    return aside(because('nothing-tells'));
  }
  // From here on it is to be tried again, unless it is given up.
  feed.phase = 'untried';
  const situation = { url, host: hostOf(url), alone: true, hasBrought: false };
  switch (end.kind) {
    case 'differs':
      return changed(because('its-bytes-differ'), false);
    case 'over':
      return feed.refusals.failed(TOO_LITTLE, situation);
    case 'failed':
      return feed.refusals.failed(end.failure, situation);
    case 'answered':
      if (end.verdict.kind === 'whole') return aside(because('no-ranges'));
      if (end.verdict.kind === 'changed') return changed(end.verdict.why, false);
      if (end.verdict.kind === 'complete') return changed(because('ends-at', { bytes: end.verdict.totalBytes }), false);
      return feed.refusals.answered(end.verdict, end.head, situation);
    default:
      return end satisfies never;
  }

  function aside(why: Why): Next {
    report.event('mirror-dropped', { host, ...why });
    feed.phase = 'out';
    return { kind: 'leave' };
  }
}
