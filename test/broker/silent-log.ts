/** Loggers for tests: one that says nothing, one that keeps what it is told. */
import { type Logger, pino } from 'pino';

export const silentLog: Logger = pino({ level: 'silent' });

export function keepingLog(): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  // Neither time nor process: by chance their digits are those of a value that is looked for.
  const log = pino(
    { level: 'trace', base: null, timestamp: false },
    { write: (line: string) => void lines.push(line) },
  );
  return { log, lines };
}
