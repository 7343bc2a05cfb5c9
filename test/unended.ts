/**
 * A reporter that counts, and sees to it that a run ends: vitest waits for ever for a worker that no longer hears it,
 * such as one that waits for a lock. After minutes without a word it says what is still running and where the processes
 * stand, and ends the run; what failed it says at once.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** What is written to the file that the environment names: WATTVEIL_TEST_COUNTS. */
export interface Counts {
  readonly passed: number;
  /** Whatever did not pass: skipped tests, files that could not be loaded and files that did not end included. */
  readonly failed: number;
}

/** The longest test may take five. */
const longestSilenceMs = 6 * 60_000;
const lookMs = 10_000;

interface Running {
  saidAt: number;
  where: string;
}

// biome-ignore lint/style/noDefaultExport: vitest reads the default export.
export default class Unended implements Reporter {
  readonly #running = new Map<string, Running>();
  #passed = 0;
  #failed = 0;

  onTestRunStart(): void {
    setInterval(() => this.#look(), lookMs).unref();
  }

  onTestModuleQueued({ relativeModuleId }: TestModule): void {
    this.#note(relativeModuleId, 'nothing heard of a test');
  }

  onTestCaseReady({ module, fullName }: TestCase): void {
    this.#note(module.relativeModuleId, `in «${fullName}»`);
  }

  onTestCaseResult(test: TestCase): void {
    const { module, fullName } = test;
    this.#note(module.relativeModuleId, `after «${fullName}»`);
    const { state, errors } = test.result();
    if (state === 'failed') console.log(`FAILED ${module.relativeModuleId}: ${fullName}: ${errors?.[0]?.message}`);
  }

  onTestModuleEnd(module: TestModule): void {
    this.#running.delete(module.relativeModuleId);
    const tests = [...module.children.allTests()];
    const passed = tests.filter((test) => test.result().state === 'passed').length;
    this.#passed += passed;
    this.#failed += Math.max(tests.length - passed, module.ok() ? 0 : 1);
  }

  onTestRunEnd(_: unknown, errors: readonly unknown[]): void {
    this.#failed += errors.length;
    this.#write();
  }

  #note(file: string, where: string): void {
    this.#running.set(file, { saidAt: performance.now(), where });
  }

  #look(): void {
    const silentSince = performance.now() - longestSilenceMs;
    const running = [...this.#running.values()];
    if (running.length > 0 && running.every(({ saidAt }) => saidAt < silentSince)) this.#giveUp();
  }

  #giveUp(): void {
    console.log(`Nothing was heard of these for ${longestSilenceMs / 60_000} minutes:`);
    for (const [file, { where }] of this.#running) console.log(`  ${file}, ${where}`);
    const started = descendantsOf(process.pid);
    for (const { says } of started) console.log(`  ${says}`);
    for (const { pid } of started.reverse()) kill(pid);
    this.#failed += this.#running.size;
    this.#write();
    process.exit(1);
  }

  #write(): void {
    const path = process.env.WATTVEIL_TEST_COUNTS;
    if (path === undefined) return;
    const counts: Counts = { passed: this.#passed, failed: this.#failed };
    writeFileSync(path, JSON.stringify(counts));
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
