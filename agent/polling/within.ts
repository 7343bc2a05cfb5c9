/**
 * A ceiling for work that should end by itself: whoever waits for it waits no longer, whether it heeds its signal or not.
 * In real time.
 */

export interface Ceiling {
  readonly ms: number;
  /** What is thrown once the time is over. */
  readonly late: () => Error;
}

/**
 * @param signal calls the work off, and the waiting for it
 * @throws what `work` throws; the reason of `signal`; what `late` gives
 */
export async function within<Result>(
  { ms, late }: Ceiling,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  signal.throwIfAborted();
  const cut = new AbortController();
  const giveUp = () => cut.abort(signal.reason);
  signal.addEventListener('abort', giveUp, { once: true });
  const timer = setTimeout(() => cut.abort(late()), ms);
  const isCut = new Promise<never>((_, reject) => {
    cut.signal.addEventListener('abort', () => reject(cut.signal.reason as Error), { once: true });
  });
  try {
    return await Promise.race([work(cut.signal), isCut]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
}
