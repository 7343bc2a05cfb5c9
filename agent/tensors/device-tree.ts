/**
 * The devices of a home as they are wired one behind the other, and what none of those behind one measures. Pure.
 */

import type { Settings } from '../config-schema.ts';
import type { SlotValues } from './resampling.ts';
import type { Uncovered } from './tensor.ts';

export interface DeviceNode {
  readonly device: string;
  /** What rounds can be about. */
  readonly tensors: readonly string[];
  readonly value?: number;
  /** Why there is no value. */
  readonly uncovered?: Uncovered;
  readonly behind: readonly DeviceNode[];
  /** What none of those behind it measures; none where one of them has no value. */
  readonly rest?: number;
}

/** @param measured a device's energy over one slot */
export function deviceTree(
  { devices, tensors }: Pick<Settings, 'devices' | 'tensors'>,
  measured: (device: string) => SlotValues,
): DeviceNode[] {
  const nodeOf = (device: string): DeviceNode => {
    const behind = devices.filter(({ parent }) => parent === device).map(({ id }) => nodeOf(id));
    const { values, coverage } = measured(device);
    const [value, covered = 'gap'] = [values[0] ?? 0, coverage[0]];
    const own = tensors.filter((tensor) => tensor.device === device).map(({ id }) => id);
    if (covered !== 'covered') return { device, tensors: own, uncovered: covered, behind };
    const rest = restOf(value, behind);
    return { device, tensors: own, value, behind, ...(rest !== undefined && { rest }) };
  };
  return devices.filter(({ parent }) => parent === undefined).map(({ id }) => nodeOf(id));
}

/** In thousandths, so that it adds up to what is shown. */
function restOf(value: number, behind: readonly DeviceNode[]): number | undefined {
  if (behind.length === 0 || behind.some((node) => node.value === undefined)) return undefined;
  const taken = behind.reduce((sum, node) => sum + Math.round((node.value ?? 0) * 1000), 0);
  return (Math.round(value * 1000) - taken) / 1000;
}
