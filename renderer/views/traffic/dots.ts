// Entry of a thread: draws the dots of Traffic while any is on its way, so that the page has nothing to do for each frame.
import { placeOn, type Ends } from './traffic-layout.ts';

/** A message on a pipe, on its way `afterMs` from now; of results where it goes `back`. */
export type Dot = { ends: Ends; back: boolean; afterMs: number };
/** What the thread is told. Sizes are in px of the page, of which each has `ratio` of the screen. */
export type ToDots =
  | { kind: 'canvas'; canvas: OffscreenCanvas }
  | { kind: 'size'; width: number; height: number; ratio: number }
  | { kind: 'colours'; forth: string; back: string }
  | { kind: 'come'; dots: Dot[] };

const ALIVE = 64;
const TRAVEL_MS = 1100;
const RADIUS = 3.5;
/** The part of its way in which a dot comes, and in which it goes. */
const FADE = 0.12;

let brush: OffscreenCanvasRenderingContext2D | null = null;
let size = { width: 0, height: 0 };
let colours = { forth: '', back: '' };
let dots: { ends: Ends; back: boolean; startsAt: number }[] = [];
let drawing = false;

addEventListener('message', ({ data }: MessageEvent<ToDots>) => {
  switch (data.kind) {
    case 'canvas':
      brush = data.canvas.getContext('2d');
      return;
    case 'size':
      if (!brush) return;
      size = data;
      brush.canvas.width = size.width * data.ratio;
      brush.canvas.height = size.height * data.ratio;
      brush.scale(data.ratio, data.ratio);
      return;
    case 'colours':
      colours = data;
      return;
    case 'come': {
      const now = performance.now();
      const coming = data.dots.map(({ afterMs, ...dot }) => ({ ...dot, startsAt: now + afterMs }));
      dots = [...dots, ...coming].slice(0, ALIVE);
      if (!drawing) requestAnimationFrame(draw);
      drawing = true;
      return;
    }
    default:
      data satisfies never;
  }
});

function draw(): void {
  const now = performance.now();
  dots = dots.filter(({ startsAt }) => now < startsAt + TRAVEL_MS);
  drawing = dots.length > 0;
  if (drawing) requestAnimationFrame(draw);
  if (!brush) return;
  brush.clearRect(0, 0, size.width, size.height);
  for (const { ends, back, startsAt } of dots) {
    const part = (now - startsAt) / TRAVEL_MS;
    if (part <= 0) continue;
    // Slow at both ends.
    const { x, y } = placeOn(ends, part * part * (3 - 2 * part));
    brush.globalAlpha = Math.min(1, part / FADE, (1 - part) / FADE);
    brush.fillStyle = back ? colours.back : colours.forth;
    brush.beginPath();
    brush.arc(x, y, RADIUS, 0, 2 * Math.PI);
    brush.fill();
  }
}
