/** A home written in Python, as a process: home.py beside this file. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface PythonSettings {
  readonly folder: string;
  readonly home: string;
  readonly port: number;
  /** What its clock says all the time. */
  readonly now: number;
  /** Fewest contributors that it reports among. */
  readonly minimum: number;
  /** In seconds; 0 for none. */
  readonly keepalive?: number;
  /** Subscribes to all that is its own and its cohort's, at QoS 0, and shows key and catalogue before it is approved. */
  readonly wide?: boolean;
  readonly tensor: {
    readonly id: string;
    readonly tags: readonly string[];
    readonly quantity: string;
    readonly unit: string;
    readonly capacity: readonly [number, number];
    readonly from: number;
    readonly step: number;
    readonly values: readonly number[];
  };
}

export type Happened = { readonly event: string } & Readonly<Record<string, unknown>>;

const script = fileURLToPath(new URL('home.py', import.meta.url));

export class PythonHome {
  /** Everything it has told so far, over all its lives. */
  readonly happened: Happened[] = [];
  /** What it wrote to its standard error: nothing, unless it is broken. */
  errors = '';
  /** It is killed as soon as it tells this. */
  killedAt: string | undefined;
  readonly #configPath: string;
  #process: ChildProcess | undefined;

  constructor({ folder, home, ...settings }: PythonSettings) {
    this.#configPath = join(folder, `${home}.json`);
    const config = { home, host: '127.0.0.1', state: join(folder, `${home}-state.json`), ...settings };
    writeFileSync(this.#configPath, JSON.stringify(config));
  }

  start(): void {
    // Debian's, which has the libraries; another one may come first in the path.
    const child = spawn('/usr/bin/python3', [script, this.#configPath], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    createInterface(child.stdout).on('line', (line) => {
      const happened = JSON.parse(line) as Happened;
      this.happened.push(happened);
      if (happened.event === this.killedAt) child.kill('SIGKILL');
    });
    child.stderr.on('data', (text: Buffer) => {
      this.errors += text.toString();
    });
  }

  /** As by a power cut. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** After it was killed. */
  async restart(): Promise<void> {
    const child = this.#process;
    if (child !== undefined && child.signalCode === null) await once(child, 'exit');
    this.killedAt = undefined;
    this.start();
  }

  count(event: string): number {
    return this.happened.filter((one) => one.event === event).length;
  }

  last(event: string): Happened | undefined {
    return this.happened.findLast((one) => one.event === event);
  }
}
