/**
 * What may be found on a disk after its power was cut: all that was synced, and of what was written since any of its
 * sectors, in the order in which they were written; of names made, removed or changed since the folder was synced,
 * the first so many.
 */
import { dirname } from 'node:path';
import type { DiskCall } from './system-calls.ts';

/** Disks write sectors of 512 bytes or more whole or not at all. */
const sectorBytes = 512;

type Change = { readonly at: number; readonly bytes: Buffer } | { readonly size: number };

interface File {
  content: Buffer;
  /** Since it was last synced. */
  unsynced: Change[];
}

type Names = Map<string, File>;

export class Disk {
  /** As the processes see them, and as they are after the next power cut. */
  #names: Names = new Map();
  #synced: Names = new Map();
  #unsynced: { readonly folder: string; readonly change: (names: Names) => void }[] = [];

  do(call: DiskCall): void {
    switch (call.call) {
      case 'create':
      case 'empty':
        if (!this.#names.has(call.path)) this.#name(call.path, { content: Buffer.alloc(0), unsynced: [] });
        else if (call.call === 'empty') this.#file(call.path).unsynced.push({ size: 0 });
        break;
      case 'write':
        this.#file(call.path).unsynced.push({ at: call.at, bytes: call.bytes });
        break;
      case 'append':
        throw new Error(`${call.path}: expected writes that say where`);
      case 'truncate':
        this.#file(call.path).unsynced.push({ size: call.size });
        break;
      case 'sync':
        this.#sync(call.path);
        break;
      case 'remove':
        this.#change(call.path, (names) => void names.delete(call.path));
        break;
      case 'rename': {
        const file = this.#file(call.path);
        this.#change(call.path, (names) => {
          names.delete(call.path);
          names.set(call.to, file);
        });
      }
    }
  }

  /** @param random uniform, 0 ≤ r < 1 */
  afterPowerCut(random: () => number): Map<string, Buffer> {
    const names = new Map(this.#synced);
    for (const { change } of this.#unsynced.slice(0, Math.floor(random() * (this.#unsynced.length + 1)))) change(names);
    // Some cuts find nearly all of it written, some nearly nothing.
    const share = [0, 0.1, 0.5, 0.9, 1][Math.floor(random() * 5)] ?? 0;
    return new Map([...names].map(([path, file]) => [path, remains(file, () => random() < share)]));
  }

  #name(path: string, file: File): void {
    this.#change(path, (names) => void names.set(path, file));
  }

  #change(path: string, change: (names: Names) => void): void {
    change(this.#names);
    this.#unsynced.push({ folder: dirname(path), change });
  }

  #file(path: string): File {
    const file = this.#names.get(path);
    if (file === undefined) throw new Error(`expected a file ${path}`);
    return file;
  }

  #sync(path: string): void {
    const file = this.#names.get(path);
    if (file !== undefined) {
      file.content = remains(file, () => true);
      file.unsynced = [];
      return;
    }
    for (const { change } of this.#unsynced.filter(({ folder }) => folder === path)) change(this.#synced);
    this.#unsynced = this.#unsynced.filter(({ folder }) => folder !== path);
  }
}

function remains({ content, unsynced }: File, isWritten: () => boolean): Buffer {
  return unsynced.reduce<Buffer>((soFar, change) => changed(soFar, change, isWritten), Buffer.from(content));
}

function changed(content: Buffer, change: Change, isWritten: () => boolean): Buffer {
  if ('size' in change) return isWritten() ? resized(content, change.size) : content;
  const { at, bytes } = change;
  const end = at + bytes.length;
  // A file may have become longer without what was written there.
  let after = end > content.length && isWritten() ? resized(content, end) : content;
  for (let from = at; from < end; ) {
    const until = Math.min(end, (Math.floor(from / sectorBytes) + 1) * sectorBytes);
    if (isWritten()) {
      if (until > after.length) after = resized(after, until);
      bytes.copy(after, from, from - at, until - at);
    }
    from = until;
  }
  return after;
}

function resized(content: Buffer, size: number): Buffer {
  const other = Buffer.alloc(size);
  content.copy(other, 0, 0, size);
  return other;
}
