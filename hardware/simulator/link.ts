/**
 * The name under which a simulated port is found, whatever the system calls it.
 */

import { lstatSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';

/** In one step: at no moment is there no link, or one to nowhere. */
export function putLink(link: string, path: string): void {
  const aside = `${link}.${process.pid}`;
  rmSync(aside, { force: true });
  symlinkSync(path, aside);
  renameSync(aside, link);
}

/** Only if it is still ours: another simulator may have taken its place. */
export function takeLink(link: string, path: string): void {
  const found = lstatSync(link, { throwIfNoEntry: false });
  if (found?.isSymbolicLink() && readlinkSync(link) === path) rmSync(link);
}
