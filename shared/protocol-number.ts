// The number of the protocol between the engine and its workers; by itself, so that a worker says hello before it has loaded schemas.

/** Raised when a message changes shape; the two ends of a Port must speak the same number. */
export const PROTOCOL = 4;
