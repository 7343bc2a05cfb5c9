/**
 * Records what a process asks of the disk, call by call, and reads the record. Nothing of the process is replaced: the
 * calls are those that the kernel saw.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ends } from '../../../ends.ts';

export type DiskCall =
  /** `append`: at the file's own place, wherever that is; what is written there is not kept. */
  | { readonly call: 'create' | 'empty' | 'append' | 'sync' | 'remove'; readonly path: string }
  | { readonly call: 'write'; readonly path: string; readonly at: number; readonly bytes: Buffer }
  | { readonly call: 'truncate'; readonly path: string; readonly size: number }
  | { readonly call: 'rename'; readonly path: string; readonly to: string };

const traced = 'openat,pwrite64,write,ftruncate,fsync,fdatasync,unlink,rename';

/**
 * Runs `node …words` to its end.
 * @param traces an empty folder for the record
 * @returns the calls on files of `folder`, and on itself, in their order
 */
export function recordCalls(words: readonly string[], folder: string, traces: string): DiskCall[] {
  const follow = ['-ff', '-qq', '-y', '-xx', '-s', '1000000', '-e', `trace=${traced}`, '-o', join(traces, 'thread')];
  const options = { ...ends, encoding: 'utf8' } as const;
  const { status, error, stderr } = spawnSync('strace', [...follow, process.execPath, ...words], options);
  if (error !== undefined || status !== 0) throw new Error(whyNot(error, stderr));
  const threads = readdirSync(traces)
    .map((name) => callsIn(readFileSync(join(traces, name), 'latin1'), folder))
    .filter((calls) => calls.length > 0);
  // The calls of several threads have no order among them.
  if (threads.length !== 1) throw new Error(`expected one thread to use ${folder}, got ${threads.length}`);
  return threads[0] ?? [];
}

function whyNot(error: Error | undefined, said: string): string {
  if (error !== undefined) return `strace does not run (${error.message}): install Debian's package strace`;
  const advice = /ptrace|Operation not permitted/.test(said)
    ? ' A container lets it follow processes when started with --cap-add=SYS_PTRACE.'
    : '';
  return `strace could not follow the process to its end: ${said}${advice}`;
}

function callsIn(record: string, folder: string): DiskCall[] {
  return record
    .split('\n')
    .flatMap(callOf)
    .filter(({ path }) => path === folder || path.startsWith(`${folder}/`));
}

const line = /^(\w+)\((?:\d+<([^>]*)>)?(.*)\)\s+= (-?\d+)/;

/** Failed calls changed nothing. */
function callOf(text: string): DiskCall[] {
  const match = line.exec(text);
  if (match === null || Number(match[4]) < 0) return [];
  const [, name, at = '', rest = ''] = match;
  const path = unhexed(at).toString();
  const strings = [...rest.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex = '']) => unhexed(hex));
  const numbers =
    rest
      .replace(/"[^"]*"/g, '')
      .match(/\d+/g)
      ?.map(Number) ?? [];
  const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = strings;
  switch (name) {
    case 'openat':
      return opened(first.toString(), rest);
    case 'pwrite64':
      // Less than was asked for may have been written.
      return [{ call: 'write', path, at: numbers.at(-1) ?? 0, bytes: first.subarray(0, Number(match[4])) }];
    case 'write':
      return [{ call: 'append', path }];
    case 'ftruncate':
      return [{ call: 'truncate', path, size: numbers.at(-1) ?? 0 }];
    case 'fsync':
    case 'fdatasync':
      return [{ call: 'sync', path }];
    case 'unlink':
      return [{ call: 'remove', path: first.toString() }];
    case 'rename':
      return [{ call: 'rename', path: first.toString(), to: second.toString() }];
    default:
      return [];
  }
}

function opened(path: string, rest: string): DiskCall[] {
  if (!rest.includes('O_CREAT')) return [];
  return [{ call: rest.includes('O_TRUNC') ? 'empty' : 'create', path }];
}

function unhexed(text: string): Buffer {
  return Buffer.from(text.replaceAll('\\x', ''), 'hex');
}
