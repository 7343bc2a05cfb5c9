/**
 * A simulated line in another process: so it can be unplugged, by ending that process.
 */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Fault } from '../../hardware/simulator/faults.ts';
import type { SimulatedLine } from '../../hardware/simulator/serial-simulator.ts';
import type { Done, Order } from './simulator-process.ts';

type Unnumbered<O> = O extends Order ? Omit<O, 'id'> : never;

export interface RemoteSimulator {
  readonly path: string;
  setNow(now: number): Promise<void>;
  setFault(address: number, fault: Fault | undefined): Promise<void>;
  /** Ends the process at once, as a plug that is pulled. */
  unplug(): Promise<void>;
}

export async function startRemoteSimulator(line: Omit<SimulatedLine, 'now'>, now: number): Promise<RemoteSimulator> {
  const script = new URL('./simulator-process.ts', import.meta.url);
  const child = fork(script, { execArgv: ['--import', 'tsx'], stdio: 'inherit' });
  const waiting = new Map<number, (done: Done) => void>();
  child.on('message', (done: Done) => {
    waiting.get(done.id)?.(done);
    waiting.delete(done.id);
  });
  let id = 0;
  const tell = (order: Unnumbered<Order>): Promise<Done> => {
    const numbered = { ...order, id: ++id } as Order;
    return new Promise((resolve, reject) => {
      waiting.set(numbered.id, resolve);
      child.send(numbered, (error) => error && reject(error));
    });
  };
  const { path } = await tell({ order: 'start', line, now });
  return {
    path,
    setNow: async (later) => void (await tell({ order: 'now', now: later })),
    setFault: async (address, fault) => void (await tell({ order: 'fault', address, ...(fault && { fault }) })),
    async unplug() {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}
