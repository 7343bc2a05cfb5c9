/**
 * Which quantities tell of the same thing: those of one family and device are one source.
 */
import type { Quantity } from '../../hardware/quantity.ts';

export type Family = 'import' | 'export' | 'voltage' | 'frequency';

/**
 * The mean power of a slot is its energy, and current times voltage is power: releasing one after the other would
 * release the same cell twice. Power and current are counted with the import, the direction that tells of people.
 */
export const families: Readonly<Record<Quantity, Family>> = {
  energyImport: 'import',
  power: 'import',
  current: 'import',
  currentL2: 'import',
  currentL3: 'import',
  energyExport: 'export',
  voltage: 'voltage',
  voltageL2: 'voltage',
  voltageL3: 'voltage',
  frequency: 'frequency',
};
