/**
 * The simulated homes, on one thread: "per core" is to be what one core does. With threads beside it V8 collects and
 * compiles on all cores, and its collectors, which wait for each other in a loop, cost a quarter more processor time.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Figure } from './figure.ts';

export async function measure(): Promise<readonly Figure[]> {
  const program = fileURLToPath(new URL('simulated-homes.ts', import.meta.url));
  const child = fork(program, { execArgv: [...process.execArgv, '--single-threaded'] });
  let figures: readonly Figure[] | undefined;
  child.once('message', (sent) => {
    figures = sent as readonly Figure[];
  });
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('exit', resolve));
  if (figures === undefined) throw new Error(`the simulation ended with ${code} and sent no figures`);
  return figures;
}
