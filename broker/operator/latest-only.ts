/**
 * Sends values one after the other; of those that come while one is being sent, only the newest.
 */

export interface LatestOnly<T> {
  next(value: T): void;
}

/** @param send must not reject */
export function latestOnly<T>(send: (value: T) => Promise<void>): LatestOnly<T> {
  let waiting: { readonly value: T } | undefined;
  let sending = false;
  const run = async () => {
    sending = true;
    while (waiting !== undefined) {
      const { value } = waiting;
      waiting = undefined;
      await send(value);
    }
    sending = false;
  };
  return {
    next(value) {
      waiting = { value };
      if (!sending) void run();
    },
  };
}
