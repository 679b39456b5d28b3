// The signals that ask a program to leave.

/** Resolves with the number of the first SIGINT or SIGTERM; those after it do what they do by default. */
export function signalled(): Promise<number> {
  return new Promise((resolve) => {
    for (const [name, number] of [
      ['SIGINT', 2],
      ['SIGTERM', 15],
    ] as const) {
      process.once(name, () => resolve(number));
    }
  });
}
