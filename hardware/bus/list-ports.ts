/**
 * The serial ports of this machine, by names that last where there are such.
 */

import { readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { SerialPort } from 'serialport';

export interface Port {
  /** What to write into a configuration. */
  readonly name: string;
  /** What the system calls it now. */
  readonly path: string;
}

/** Where the system keeps its names; a test has a tree of its own. */
export interface Names {
  readonly byId: string;
  readonly byPath: string;
}

const system: Names = { byId: '/dev/serial/by-id', byPath: '/dev/serial/by-path' };

export async function listPorts(): Promise<string[]> {
  return (await findPorts()).map(({ name }) => name);
}

export async function findPorts(): Promise<Port[]> {
  const found = await SerialPort.list().catch(() => {
    // Listing asks `udevadm`, which small systems lack.
    return pathsIn(system).map((path) => ({ path, pnpId: undefined }));
  });
  return nameAll(found, system);
}

/** @param found each with the id of its adapter, where it has one */
export function nameAll(
  found: readonly { readonly path: string; readonly pnpId?: string | undefined }[],
  names: Names,
): Port[] {
  return found.map(({ path, pnpId }) => {
    const shared = pnpId !== undefined && found.filter((other) => other.pnpId === pnpId).length > 1;
    return { path, name: lastingName(path, shared, names) ?? path };
  });
}

/**
 * @param path as the system calls it now, like /dev/ttyUSB0
 * @returns a name that stays with this adapter; undefined where there is none, or where it is one already
 */
export async function betterName(path: string): Promise<string | undefined> {
  if (!/^\/dev\/tty(USB|ACM)\d+$/.test(path)) return undefined;
  const port = (await findPorts()).find((one) => one.path === path);
  return port === undefined || port.name === path ? undefined : port.name;
}

/** Two adapters that share an id have one link between them: they are told apart by where they are plugged in. */
function lastingName(path: string, shared: boolean, { byId, byPath }: Names): string | undefined {
  return (shared ? undefined : linkTo(path, byId)) ?? linkTo(path, byPath);
}

function linkTo(path: string, folder: string): string | undefined {
  const target = realOf(path);
  return linksIn(folder).find((link) => realOf(link) === target);
}

function pathsIn({ byId, byPath }: Names): string[] {
  const paths = [byId, byPath].flatMap(linksIn).flatMap((link) => realOf(link) ?? []);
  return [...new Set(paths)].sort();
}

function linksIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .sort()
      .map((name) => join(folder, name));
  } catch {
    // Without an adapter there is no such folder.
    return [];
  }
}

function realOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
