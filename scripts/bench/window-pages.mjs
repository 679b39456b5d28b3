// What the bench does within the page; each function is sent there as text and must stand alone.

/** Waits for the drop, says yes as soon as that is possible, and tells when every row of `count` is there: ms since the drop. */
export function dropped(/** @type {number} */ count) {
  return new Promise((resolve) => {
    addEventListener(
      'drop',
      (event) => {
        let understoodMs = 0;
        const look = () => {
          const yes = /** @type {HTMLButtonElement | null} */ (document.querySelector('dialog button[type=submit]'));
          if (yes && !yes.disabled && understoodMs === 0) {
            understoodMs = performance.now() - event.timeStamp;
            yes.click();
          }
          const grid = document.querySelector('[role=grid]');
          const whole = grid?.getAttribute('aria-rowcount') === String(count + 1) && grid.querySelector('[data-id]');
          if (!whole) return void requestAnimationFrame(look);
          // One frame later they are painted.
          requestAnimationFrame(() =>
            setTimeout(() => resolve({ understoodMs, visibleMs: performance.now() - event.timeStamp })),
          );
        };
        look();
      },
      { capture: true, once: true },
    );
  });
}

/** Scrolls what the selector finds for `forMs`, steadily and at times by a leap, a step a frame. */
export function scrolled(/** @type {string} */ selector, /** @type {number} */ forMs) {
  return new Promise((resolve) => {
    const begunAt = performance.now();
    const element = document.querySelector(selector);
    // Asked once: to ask again would make the page lay itself out once more.
    const end = element ? element.scrollHeight - element.clientHeight : 0;
    let step = 0;
    let place = 0;
    const turn = () => {
      step += 1;
      place += step % 60 === 0 ? end / 7 : 130;
      if (place > end) place = 0;
      if (element) element.scrollTop = place;
      if (performance.now() - begunAt < forMs) requestAnimationFrame(turn);
      else resolve(step);
    };
    requestAnimationFrame(turn);
  });
}

/** Ms since 1970 at which the list was painted first. */
export function shownAt() {
  return new Promise((resolve) => {
    const look = () => {
      const [mark] = performance.getEntriesByName('shown');
      if (mark) resolve(performance.timeOrigin + mark.startTime);
      else setTimeout(look, 10);
    };
    look();
  });
}

/** Resolves when `count` downloads are running. */
export function running(/** @type {number} */ count) {
  return new Promise((resolve) => {
    const look = async () => {
      const answer = await /** @type {any} */ (globalThis).sluice.call('overview', null);
      if (answer.ok && answer.value.counts.running >= count) resolve(true);
      else setTimeout(() => void look(), 100);
    };
    void look();
  });
}
