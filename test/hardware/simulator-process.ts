/**
 * The simulator in a process of its own, driven by its parent: what `remote-simulator.ts` starts.
 */

import type { Fault } from '../../hardware/simulator/faults.ts';
import {
  type SerialSimulator,
  type SimulatedLine,
  startSerialSimulator,
} from '../../hardware/simulator/serial-simulator.ts';

export type Order =
  | { readonly id: number; readonly order: 'start'; readonly line: Omit<SimulatedLine, 'now'>; readonly now: number }
  | { readonly id: number; readonly order: 'now'; readonly now: number }
  | { readonly id: number; readonly order: 'fault'; readonly address: number; readonly fault?: Fault };

export interface Done {
  readonly id: number;
  readonly path: string;
}

let now = 0;
let simulator: SerialSimulator | undefined;

async function follow(order: Order): Promise<void> {
  if (order.order !== 'fault') now = order.now;
  if (order.order === 'start') simulator = await startSerialSimulator({ ...order.line, now: () => now });
  if (order.order === 'fault') simulator?.setFault(order.address, order.fault);
  const done: Done = { id: order.id, path: simulator?.path ?? '' };
  process.send?.(done);
}

process.on('message', (order: Order) => void follow(order));
process.on('disconnect', () => process.exit());
