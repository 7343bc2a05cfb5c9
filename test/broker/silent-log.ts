/** Loggers for tests: one that says nothing, one that keeps what it is told. */
import { type Logger, pino } from 'pino';

export const silentLog: Logger = pino({ level: 'silent' });

export function keepingLog(): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  return { log, lines };
}
