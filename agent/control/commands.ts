/**
 * Every command that the running agent takes over its socket: one schema for what it asks, one type for what it
 * gives. The one place where they are written down.
 */
import * as z from 'zod';
import type { EpochMs } from '../../broker/protocol/clock.ts';
import { Grid, Ms } from '../../broker/protocol/fields.ts';
import type { CatalogueEntry } from '../../broker/protocol/messages.ts';
import type { Measured } from '../../hardware/meter.ts';
import type { EnrolmentStatus } from '../enroller.ts';
import type { Told } from '../errors.ts';
import type { HomeStatus } from '../home.ts';
import type { PlugState } from '../plugs/plugs.ts';
import type { Failure, Sample } from '../polling/device-poll.ts';
import type { Erased, Held as HeldOf, HeldRow } from '../store/held-data.ts';
import type { LedgerEntry } from '../store/ledger.ts';
import type { LedgerCheck } from '../store/ledger-records.ts';
import type { ShownTariff } from '../tariff.ts';
import type { DeviceNode } from '../tensors/device-tree.ts';
import type { Uncovered } from '../tensors/tensor.ts';
import type { Trouble } from '../troubles.ts';

const Nothing = z.strictObject({});
const OneTensor = z.strictObject({ id: z.string() });

/** Of a device, or of all and what was entered by hand; in a stretch of time. */
const Held = z.strictObject({ device: z.string().optional(), from: Ms.optional(), until: Ms.optional() });

export const commands = {
  status: Nothing,
  enrol: Nothing,
  'meters read': Nothing,
  /** Those that have all these tags. */
  'tensors list': z.strictObject({ tags: z.array(z.string()).optional() }),
  /** One after the other: a local day is not always as long as the next. */
  'tensors show': z.strictObject({ id: z.string(), grids: z.array(Grid).min(1).max(100).optional() }),
  'tensors tree': z.strictObject({ from: Ms.optional(), until: Ms.optional() }),
  /** What was typed: the agent reads it, so that what is wrong is said in one way. */
  'tensors add': z.strictObject({
    id: z.string(),
    tags: z.array(z.string()),
    description: z.string(),
    quantity: z.string(),
    unit: z.string().optional(),
    capacity: z.string(),
    from: Ms,
    stepMs: z.int().positive(),
    values: z.array(z.strictObject({ text: z.string(), where: z.string() })),
    steps: z.array(z.int().positive()).optional(),
  }),
  'tensors remove': OneTensor,
  /** What would come of it if the tensor were published, or withdrawn. */
  'tensors preview': z.strictObject({ id: z.string(), publish: z.boolean(), since: Ms.optional() }),
  'tensors publish': z.strictObject({ id: z.string(), since: Ms.optional() }),
  'tensors withdraw': OneTensor,
  'data held': Held,
  'data read': z.strictObject({ series: z.int(), from: Ms, until: Ms }),
  'data delete': Held,
  ledger: Nothing,
  'ledger verify': Nothing,
  share: z.strictObject({ on: z.boolean() }),
  'tariff show': Nothing,
  'plugs list': Nothing,
  'plugs read': z.strictObject({ id: z.string() }),
  'plugs set': z.strictObject({ id: z.string(), on: z.boolean() }),
} as const satisfies Record<string, z.ZodType>;

export type CommandName = keyof typeof commands;
export type Asks<Name extends CommandName> = z.input<(typeof commands)[Name]>;

export interface Gives {
  readonly status: AgentStatus;
  readonly enrol: EnrolmentStatus;
  readonly 'meters read': MetersReading;
  readonly 'tensors list': readonly TensorRow[];
  readonly 'tensors show': TensorShown;
  readonly 'tensors tree': DeviceTree;
  /** `twice`: names of others entered by hand that speak of the same things for some of the same hours. */
  readonly 'tensors add': { readonly tensor: TensorRow; readonly twice: readonly string[] };
  readonly 'tensors remove': null;
  readonly 'tensors preview': PublicationPreview;
  readonly 'tensors publish': TensorRow;
  readonly 'tensors withdraw': TensorRow;
  readonly 'data held': HeldOf;
  readonly 'data read': readonly HeldRow[];
  /** `releases`: how many the ledger has; they stay. */
  readonly 'data delete': Erased & { readonly releases: number };
  readonly ledger: readonly LedgerEntry[];
  readonly 'ledger verify': LedgerCheck;
  readonly share: { readonly on: boolean };
  /** `prices` are of the newest tariff taken. */
  readonly 'tariff show': ShownTariff | null;
  readonly 'plugs list': readonly PlugRow[];
  readonly 'plugs read': PlugRow;
  readonly 'plugs set': PlugRow;
}

export type Handler<Name extends CommandName> = (
  asks: z.output<(typeof commands)[Name]>,
) => Gives[Name] | Promise<Gives[Name]>;
export type Handlers = { readonly [Name in CommandName]: Handler<Name> };

/** Those that change nothing: the database alone answers them, also while no agent runs. */
const readingCommands = [
  ...(['meters read', 'tensors list', 'tensors show', 'tensors tree'] as const),
  ...(['data held', 'data read'] as const),
  ...(['ledger', 'ledger verify', 'tariff show'] as const),
] as const;
export type ReadingCommand = (typeof readingCommands)[number];
export type ReadingHandlers = Pick<Handlers, ReadingCommand>;

export function isCommand(name: string): name is CommandName {
  return Object.hasOwn(commands, name);
}

export function isReading(name: CommandName): name is ReadingCommand {
  return (readingCommands as readonly CommandName[]).includes(name);
}

export interface AgentStatus extends HomeStatus {
  readonly pid: number;
  readonly version: string;
  /** When the agent was started. */
  readonly since: EpochMs;
  /** What is wrong now and goes on. */
  readonly troubles: readonly Trouble[];
}

export interface MetersReading {
  readonly now: EpochMs;
  /** False where no agent runs: then only what it stored before is known. */
  readonly live: boolean;
  readonly devices: readonly MeterRow[];
}

export interface MeterRow {
  readonly id: string;
  readonly profile: string;
  readonly port: string;
  readonly address: number | string;
  readonly pollEveryMs: number;
  /** The last good reading; none where there was none yet. */
  readonly at?: EpochMs;
  readonly measured: readonly (Omit<Measured, 'quantity' | 'unit'> & { quantity: string; unit: string })[];
  /** The last failure; without `until` it goes on. */
  readonly failure?: Failure;
  /** What is not as its profile says, and yet no reason not to read it. */
  readonly remarks?: readonly Told[];
}

export interface PlugRow extends PlugState {
  readonly profile: string;
  readonly port: string;
  readonly address: number;
  readonly channel: number;
  /** After so long without the agent the board turns it off; without it, it stays as it is. */
  readonly safetyMs?: number;
  /** The device that measures what hangs behind it, and its last reading. */
  readonly meter?: string;
  readonly metered?: Sample;
}

export interface TensorRow {
  readonly id: string;
  readonly tags: readonly string[];
  readonly description: string;
  readonly quantity: string;
  readonly unit: string;
  /** An energy worked out from power, not counted. */
  readonly derived: boolean;
  /** In the unit, for energies per hour. */
  readonly capacity: number;
  /** None for values entered by hand. */
  readonly device?: string;
  readonly published: boolean;
  /** From when on the data may be used. */
  readonly consentFrom?: EpochMs;
  readonly shape: readonly number[];
  readonly from: EpochMs;
  readonly until: EpochMs;
}

/** Has a value, or the reason why it has none. */
export interface TensorSlot {
  readonly from: EpochMs;
  readonly until: EpochMs;
  readonly value?: number;
  readonly uncovered?: Uncovered;
}

/** What the utility will see: of this tensor, as it will stand in the catalogue, and the names of the others there. */
export interface PublicationPreview {
  readonly entry?: CatalogueEntry;
  readonly others: readonly string[];
  /** What is asked for begins before this data folder was enrolled: what left the house then it does not know. */
  readonly beforeEnrolment: boolean;
}

export interface TensorShown {
  readonly tensor: TensorRow;
  readonly dtype: 'float64';
  readonly shape: readonly [slots: number];
  readonly slots: readonly TensorSlot[];
}

/** What each device has taken over one stretch of time, and what of it those behind it have. */
export interface DeviceTree {
  readonly from: EpochMs;
  readonly until: EpochMs;
  readonly unit: 'Wh';
  /** Those that are wired behind no other. */
  readonly devices: readonly DeviceNode[];
}
