/**
 * Waits, at the start, for a disk that is full or takes no writing. An agent that ended instead would be started again
 * and again.
 */
import { diskTrouble } from './disk-trouble.ts';
import type { AgentError } from './errors.ts';
import { isFull, writeFailure } from './store/write-failure.ts';
import type { Troubles } from './troubles.ts';

/** In real time. */
const tryEveryMs = 10_000;
/** @throws what `work` throws, where the disk is not what keeps it from working */
export async function onceUsable<Result>(
  dataDir: string,
  troubles: Troubles,
  work: () => Result,
  everyMs = tryEveryMs,
): Promise<Result> {
  for (;;) {
    try {
      const result = work();
      troubles.end('storing', 'the disk can be used again');
      return result;
    } catch (error) {
      const why = diskTrouble(dataDir) ?? fullBy(error, dataDir);
      if (why === undefined) throw error;
      troubles.begin('storing', why);
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }
}

/** There may be room for a small file, and not for the database. */
function fullBy(error: unknown, dataDir: string): AgentError | undefined {
  return isFull(error) ? writeFailure(error, dataDir) : undefined;
}
