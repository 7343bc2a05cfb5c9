/**
 * Which quantities tell of the same thing: of one device, those that have a family in common are not released for the
 * same hours twice.
 */
import type { Quantity } from '../../hardware/quantity.ts';

export type Family = 'import' | 'export' | 'voltage' | 'frequency';

/**
 * The mean power of a slot is its energy, import less export, and current times voltage is power: either direction
 * after one of these would be the same cell a second time, and the other way round.
 */
const bothDirections = ['import', 'export'] as const;

export const families: Readonly<Record<Quantity, readonly Family[]>> = {
  energyImport: ['import'],
  energyExport: ['export'],
  power: bothDirections,
  current: bothDirections,
  currentL2: bothDirections,
  currentL3: bothDirections,
  voltage: ['voltage'],
  voltageL2: ['voltage'],
  voltageL3: ['voltage'],
  frequency: ['frequency'],
};
