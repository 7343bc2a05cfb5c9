/**
 * Who has a port open, as far as the system lets us see it: for the error that says what to end.
 */

import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';

/** @returns like "process 4711 (mbpoll)"; "another program" where it cannot be known */
export function holderOf(port: string, processes = '/proc'): string {
  const unknown = 'another program';
  try {
    const path = realpathSync(port);
    const holder = readdirSync(processes)
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .find((pid) => holds(`${processes}/${pid}`, path));
    return holder === undefined ? unknown : `process ${holder} (${nameOf(`${processes}/${holder}`)})`;
  } catch {
    return unknown;
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
