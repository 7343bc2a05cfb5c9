/**
 * household.yaml: what there is in a simulated household, and how it misbehaves.
 */

import * as z from 'zod';
import type { Fault, FaultMix } from './faults.ts';

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** "20m" */
const Span = z
  .string()
  .regex(/^\d+(ms|s|m|h|d)$/, 'a length of time is written like 500ms, 30s, 20m, 6h')
  .transform((text) => Number.parseInt(text, 10) * (units[text.replace(/^\d+/, '')] ?? 0))
  .refine((ms) => ms > 0, 'must be longer than nothing');

/** "07:30", to milliseconds since midnight. YAML takes it for text only in quotes. */
const TimeOfDay = z
  .string('a time of the day stands in quotes, like "07:30"')
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of the day is written like "07:30"')
  .transform((text) => (Number(text.slice(0, 2)) * 60 + Number(text.slice(3))) * 60_000);

const Watts = z.number().min(-100_000).max(100_000);

const Appliance = z.union([
  z.strictObject({ watts: Watts }),
  z.strictObject({ watts: Watts, on: Span, off: Span }),
  z.strictObject({ watts: Watts, at: z.array(TimeOfDay).min(1), for: Span }),
]);

const share = z.number().gt(0).max(1);
const simple = ['silent', 'badCrc', 'short', 'wrongUnit', 'echo', 'noise'] as const;
const Faults = z
  .array(
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.enum(simple), share }),
      z.strictObject({ kind: z.literal('exception'), code: z.int().min(1).max(11).default(4), share }),
      z.strictObject({ kind: z.enum(['late', 'doubled']), by: Span, share }),
    ]),
  )
  .default([])
  .refine((faults) => faults.reduce((sum, fault) => sum + fault.share, 0) <= 1 + 1e-9, 'shares add up to more than 1')
  .transform((faults): FaultMix => faults.map((fault) => ({ share: fault.share, fault: faultOf(fault) })));

function faultOf(fault: { kind: Fault['kind']; by?: number; code?: number }): Fault {
  if (fault.kind === 'late' || fault.kind === 'doubled') return { kind: fault.kind, byMs: fault.by ?? 0 };
  if (fault.kind === 'exception') return { kind: 'exception', ...(fault.code !== undefined && { code: fault.code }) };
  return { kind: fault.kind };
}

const Name = z.string().regex(/^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/, 'a name is 1 to 63 of a-z 0-9 . _ -');
const Address = z.int().min(1).max(247);

const metered = {
  id: Name,
  /** Names of what hangs behind it. */
  appliances: z.array(z.string()).default([]),
  /** What the counters said at `since`. */
  kwh: z.number().min(0).default(0),
  exportKwh: z.number().min(0).default(0),
  serial: z.int().positive().optional(),
  faults: Faults,
};

const Device = z.strictObject({ ...metered, address: Address, profile: z.string() });

const Relay = z.strictObject({
  address: Address.default(1),
  profile: z.string(),
  /** By channel, the appliance that it turns; the plug is named like it. */
  channels: z.record(z.string().regex(/^[1-9]\d?$/, 'a channel is a number from 1'), z.string()),
  faults: Faults,
});

const settings = {
  /** Path under which the port is found; it starts from the folder of this file. */
  link: z.string().min(1),
  baudRate: z.int().min(300).max(1_000_000),
  parity: z.enum(['none', 'even', 'odd']).default('none'),
  dataBits: z.union([z.literal(7), z.literal(8)]).default(8),
  stopBits: z.union([z.literal(1), z.literal(2)]).default(1),
};

const ModbusLine = z.strictObject({
  ...settings,
  baudRate: settings.baudRate.default(9600),
  protocol: z.literal('modbus').default('modbus'),
  devices: z.array(Device).default([]),
  relays: z.array(Relay).default([]),
});

const LcusLine = z.strictObject({ link: settings.link, protocol: z.literal('lcus'), channels: Relay.shape.channels });

const P1Line = z.strictObject({
  link: settings.link,
  protocol: z.literal('dsmr'),
  version: z.enum(['2.2', '4', '5', 'be', 'lu', 'se', 'hu']).default('5'),
  meter: z.strictObject(metered),
});

const SmlLine = z.strictObject({
  link: settings.link,
  protocol: z.literal('sml'),
  /** Its PIN was not entered. */
  locked: z.boolean().default(false),
  meter: z.strictObject(metered),
});

const Iec62056Line = z.strictObject({
  link: settings.link,
  protocol: z.literal('iec62056'),
  /** It sends nothing unless it is asked. */
  asked: z.boolean().default(false),
  meter: z.strictObject(metered),
});

export const Household = z.strictObject({
  /** From when the counters count; left out, from the beginning of this year. */
  since: z.iso.date().optional(),
  appliances: z.record(Name, Appliance),
  lines: z.array(z.discriminatedUnion('protocol', [ModbusLine, LcusLine, P1Line, SmlLine, Iec62056Line])).min(1),
});
export type Household = z.infer<typeof Household>;
export type HouseholdLine = Household['lines'][number];
export type MeteredPlace = z.infer<z.ZodObject<typeof metered>>;
