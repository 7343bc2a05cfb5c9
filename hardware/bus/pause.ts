/**
 * Waiting that can be called off.
 */

/** @throws the reason of `signal` */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return untilCut(new Promise<void>((resolve) => setTimeout(resolve, ms)), signal);
}

/** What `work` gives, or the reason of `signal` if that comes first. `work` itself is not stopped. */
export function untilCut<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const cut = () => reject(signal.reason);
    if (signal.aborted) cut();
    else signal.addEventListener('abort', cut, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', cut));
  });
}
