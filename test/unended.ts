/**
 * A reporter for a run that does not end: says at once what failed, and after a while what is still running and where
 * its processes stand, and ends the run. Vitest waits for ever for a worker that no longer hears it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** The whole takes six minutes on two cores, and its longest test five at most. */
const longestRunMs = 25 * 60_000;

// biome-ignore lint/style/noDefaultExport: vitest reads the default export.
export default class Unended implements Reporter {
  readonly #running = new Map<string, string>();

  onTestRunStart(): void {
    setTimeout(() => this.#giveUp(), longestRunMs).unref();
  }

  onTestModuleQueued({ relativeModuleId }: TestModule): void {
    this.#running.set(relativeModuleId, 'nothing heard of a test');
  }

  onTestCaseReady({ module, fullName }: TestCase): void {
    this.#running.set(module.relativeModuleId, `in «${fullName}»`);
  }

  onTestCaseResult(test: TestCase): void {
    const { module, fullName } = test;
    this.#running.set(module.relativeModuleId, `after «${fullName}»`);
    const { state, errors } = test.result();
    if (state === 'failed') console.log(`FAILED ${module.relativeModuleId}: ${fullName}: ${errors?.[0]?.message}`);
  }

  onTestModuleEnd({ relativeModuleId }: TestModule): void {
    this.#running.delete(relativeModuleId);
  }

  #giveUp(): void {
    console.log(`The tests did not end in ${longestRunMs / 60_000} minutes. Still running:`);
    for (const [file, where] of this.#running) console.log(`  ${file}, ${where}`);
    const started = descendantsOf(process.pid);
    for (const each of started) console.log(`  ${each.says}`);
    for (const { pid } of started.reverse()) kill(pid);
    process.exit(1);
  }
}

interface Started {
  readonly pid: number;
  readonly parent: number;
  readonly says: string;
}

/** Parents before their children. */
function descendantsOf(ancestor: number): Started[] {
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? statusOf(Number(name)) : []));
  const under = (parent: number): Started[] =>
    all.flatMap((each) => (each.parent === parent ? [each, ...under(each.pid)] : []));
  return under(ancestor);
}

function statusOf(pid: number): Started[] {
  try {
    const read = (name: string) => readFileSync(`/proc/${pid}/${name}`, 'utf8');
    const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1];
    const status = read('status');
    const words = read('cmdline').split('\0').join(' ').slice(-200);
    const parent = Number(field('PPid'));
    const where = `${field('State')}, ${read('wchan')}, in system call ${read('syscall').trim()}`;
    return [{ pid, parent, says: `${pid} of ${parent}, ${where}, …${words}` }];
  } catch {
    // It has ended meanwhile.
    return [];
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
