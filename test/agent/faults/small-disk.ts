/** File systems of their own, for real faults: one that gets full, one that the kernel makes read-only after an error. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ends } from '../../ends.ts';

export class SmallDisk {
  readonly #made = mkdtempSync(join(tmpdir(), 'wattveil-disk-'));
  readonly #image = join(this.#made, 'image');
  readonly folder = join(this.#made, 'disk');

  constructor(kilobytes: number) {
    writeFileSync(this.#image, '');
    truncateSync(this.#image, kilobytes * 1024);
    mkdirSync(this.folder);
    execFileSync('mkfs.ext4', ['-q', '-F', '-m', '0', this.#image], { ...ends, stdio: 'pipe' });
    this.#mount(['-o', 'loop,errors=remount-ro', this.#image, this.folder]);
  }

  /** Takes all room there is. */
  fill(): void {
    const file = openSync(join(this.folder, 'holiday.mp4'), 'w');
    for (let bytes = 65_536; bytes >= 512; bytes /= 2) {
      // To the end, in ever smaller pieces.
      while (isWritten(file, Buffer.alloc(bytes)));
    }
    closeSync(file);
  }

  makeRoom(): void {
    rmSync(join(this.folder, 'holiday.mp4'));
  }

  /** The kernel finds an error on it, and takes no writing from then on. */
  fail(): void {
    this.#mount(['-o', 'remount,abort', this.folder]);
  }

  /** As when the machine is started again: nothing may have a file open on it. */
  startAgain(): void {
    execFileSync('umount', [this.folder], ends);
    this.#mount(['-o', 'loop,errors=remount-ro', this.#image, this.folder]);
  }

  remove(): void {
    execFileSync('umount', ['--lazy', this.folder], ends);
    rmSync(this.#made, { recursive: true });
  }

  #mount(words: readonly string[]): void {
    try {
      execFileSync('mount', words, { ...ends, stdio: 'pipe' });
    } catch (error) {
      const why = String((error as { stderr?: Buffer }).stderr ?? error).trim();
      throw new Error(`${why}. These tests mount: they need root, in a container --privileged`, { cause: error });
    }
  }
}

function isWritten(file: number, bytes: Buffer): boolean {
  try {
    return writeSync(file, bytes) === bytes.length;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false;
    throw error;
  }
}
