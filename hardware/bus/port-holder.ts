/**
 * Who has a port open, as far as the system lets us see it: for the error that says what to end.
 */

import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';

/** @returns like "process 4711 (mbpoll)"; "another program" where it cannot be known */
export function holderOf(port: string, processes = '/proc'): string {
  const unknown = 'another program';
  try {
    const path = realpathSync(port);
    const holders = readdirSync(processes)
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .filter((pid) => holds(`${processes}/${pid}`, path));
    const lockers = lockersOf(path, processes);
    // Others may have it open, too: who has it locked is in the way.
    const holder = holders.find((pid) => lockers.has(pid)) ?? holders[0];
    return holder === undefined ? unknown : `process ${holder} (${nameOf(`${processes}/${holder}`)})`;
  } catch {
    return unknown;
  }
}

/** Processes that have a lock on a file of that number: the system names them beside it. */
function lockersOf(path: string, processes: string): ReadonlySet<string> {
  try {
    const { ino } = statSync(path);
    const locks = readFileSync(`${processes}/locks`, 'utf8').matchAll(/ FLOCK .* (\d+) [0-9a-f]+:[0-9a-f]+:(\d+) /g);
    return new Set([...locks].flatMap(([, pid = '', file]) => (file === String(ino) ? [pid] : [])));
  } catch {
    return new Set();
  }
}

function holds(folder: string, path: string): boolean {
  try {
    return readdirSync(`${folder}/fd`).some((fd) => linkOf(`${folder}/fd/${fd}`) === path);
  } catch {
    // Another user's process does not show what it has open.
    return false;
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function nameOf(folder: string): string {
  try {
    return readFileSync(`${folder}/comm`, 'utf8').trim();
  } catch {
    return '?';
  }
}
