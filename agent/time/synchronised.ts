/**
 * Asks the system whether a time server confirms its clock.
 */
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';

/** timesyncd touches it at each synchronisation, and asks its server at least every 34 minutes. */
const touched = '/run/systemd/timesync/synchronized';
const mostBetweenMs = 60 * 60_000;
const answerMs = 3_000;

/**
 * The kernel's own flag, which is gone as soon as somebody sets the clock; else what chrony says; else how long ago
 * timesyncd was content. False where nothing of the kind runs.
 */
export async function isSynchronised(): Promise<boolean> {
  const flag = await say('timedatectl', ['show', '--property=NTPSynchronized', '--value']);
  if (flag !== undefined) return flag.trim() === 'yes';
  const tracking = await say('chronyc', ['-c', 'tracking']);
  // The last field is the leap status; it says so when there is no server.
  if (tracking !== undefined) return /,(Normal|Insert second|Delete second)$/.test(tracking.trim());
  return isNear(touchedAt(), Date.now());
}

function isNear(at: number | undefined, now: number): boolean {
  return at !== undefined && Math.abs(now - at) <= mostBetweenMs;
}

function touchedAt(): number | undefined {
  return statSync(touched, { throwIfNoEntry: false })?.mtimeMs;
}

/** Undefined where there is no such command, or it cannot tell. */
function say(command: string, words: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(command, words, { timeout: answerMs, env: { ...process.env, LC_ALL: 'C' } }, (error, stdout) =>
      resolve(error === null ? stdout : undefined),
    );
  });
}
