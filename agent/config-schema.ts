/**
 * agent.yaml, setting by setting, with the defaults. The one place where they are written down.
 */
import * as z from 'zod';
import { type DurationMs, durationMs } from '../broker/protocol/clock.ts';
import { defaultPrefix } from '../broker/protocol/default-prefix.ts';
import { HomeId, Tag, text } from '../broker/protocol/fields.ts';
import { HexKey } from '../broker/protocol/json-messages.ts';
import { scaledOf } from '../broker/protocol/vector.ts';
import { busDefaults } from '../hardware/bus/bus-config.ts';
import { networkOf } from '../hardware/bus/network.ts';
import { isQuantity, quantities } from '../hardware/quantity.ts';
import { durationExamples, parseDuration } from './duration.ts';

/** Of a bus, a device, a tensor. */
export const Name = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/,
    'a name is 1 to 63 of a-z 0-9 . _ -, a letter or digit at both ends',
  );

const Duration = z.string(`a length of time like ${durationExamples}`).transform((value, context): DurationMs => {
  const length = parseDuration(value);
  if (length !== undefined) return durationMs(length);
  context.addIssue(`"${value}" is no length of time; write ${durationExamples}`);
  return z.NEVER;
});

const atLeast = (least: number, example: string) =>
  Duration.refine((value) => value >= least, `shorter than the shortest possible, ${example}`);

const BrokerUrl = z
  .string()
  .refine(
    (value) => URL.canParse(value) && /^mqtts?:$/.test(new URL(value).protocol),
    'a broker is written mqtt://host:port',
  );

const Broker = z.strictObject({
  url: BrokerUrl,
  prefix: z
    .string()
    .regex(/^[^/+#\s]([^+#\s]*[^/+#\s])?$/, 'a topic prefix has no +, # or spaces, no / at its ends')
    .default(defaultPrefix),
  /** Lets a broker be used that is reached without TLS over a network. */
  insecure: z.boolean().default(false),
});

/** Ed25519 public keys that this home trusts; without them those given at enrolment are kept. */
const Pins = z.strictObject({ authority: HexKey, coordinator: HexKey });

const Bus = z.strictObject({
  id: Name,
  port: z
    .string()
    .min(1)
    .refine(
      (port) => !port.includes('://') || networkOf(port) !== undefined,
      'a port in the network is written modbus-tcp://host:502 or rtu-over-tcp://host:port',
    ),
  baudRate: z.int().min(300).max(1_000_000).default(busDefaults.baudRate),
  parity: z.enum(['none', 'even', 'odd']).default(busDefaults.parity),
  dataBits: z.union([z.literal(7), z.literal(8)]).default(busDefaults.dataBits),
  stopBits: z.union([z.literal(1), z.literal(2)]).default(busDefaults.stopBits),
  /** How long a device may take before it begins to answer. */
  timeout: atLeast(10, '10ms').default(durationMs(busDefaults.timeoutMs)),
  /** Silence before another address is asked: some devices on a shared line need it. */
  pause: Duration.default(durationMs(busDefaults.pauseMs)),
});

const PortKey = z.string().regex(/^[0-9A-Fa-f]{32}$/, 'a key has 32 digits in hex, in quotes');

const DeviceAddress = z.union(
  [
    z.int().min(1).max(247),
    z
      .string()
      .regex(/^(?=.*\d)[0-9A-Za-z]{1,32}$/)
      // They do not count (IEC 62056-21, 6.3.2).
      .transform((text) => text.replace(/^0+(?=.)/, '')),
  ],
  'an address is a number from 1 to 247; that of an IEC 62056-21 meter is up to 32 letters and digits, in quotes',
);

const Device = z.strictObject({
  id: Name,
  bus: z.string(),
  /** Of Modbus; or, in quotes, of one of several IEC 62056-21 meters. One that is alone on its port takes any. */
  address: DeviceAddress.default(1),
  /** Name of a shipped profile, or the path of a file. */
  profile: z.string().min(1),
  pollEvery: atLeast(1000, '1s').default(durationMs(10_000)),
  /** How long it may take before it begins to answer, and how often it is asked: where it differs from bus and profile. */
  timeout: atLeast(10, '10ms').optional(),
  tries: z.int().min(1).max(10).optional(),
  /** Longest time between two readings over which a slot's edge may be interpolated. */
  longestGap: Duration.optional(),
  /** As printed on the device: another number is another device. */
  serial: z.string('a serial number stands in quotes').min(1).max(64).optional(),
  /** What its connection carries, in W; left out: the largest capacity of its tensors. No counter can step by more. */
  rating: z.number().positive().max(10_000_000).optional(),
  /** The device behind which this one is wired. */
  parent: z.string().optional(),
  /** Of an encrypted customer port, from the network operator; the second only where it gave one. */
  key: PortKey.optional(),
  authenticationKey: PortKey.optional(),
  /** A telegram that is older by the meter's own clock is passed over; without it that clock is not looked at. */
  maxAge: atLeast(1000, '1s').optional(),
});

const Plug = z.strictObject({
  id: Name,
  bus: z.string(),
  /** Of the relay board; one without addresses takes any. */
  address: z.int().min(1).max(247).default(1),
  /** Name of a shipped relay board, or the path of a file. */
  profile: z.string().min(1),
  /** As printed on the board. */
  channel: z.int().min(1).max(64).default(1),
  /** The device that measures what hangs behind it. */
  meter: z.string().optional(),
  /** The board turns all its channels off when the agent is gone for so long; left out: they stay as they are. */
  safety: atLeast(3000, '3s').optional(),
});

/** Without quotes YAML takes it for a comment. */
const QuotedTag = z
  .string('a tag stands in quotes, like "#fridge"')
  .refine((tag) => Tag.safeParse(tag).success, 'a tag is # and then a-z 0-9 -, like "#fridge"');

const DeviceTensor = z.strictObject({
  id: Name,
  device: z.string(),
  quantity: z
    .string()
    .refine(isQuantity, { error: `a quantity is one of ${Object.keys(quantities).join(', ')}` })
    .default('energyImport'),
  tags: z.array(QuotedTag).min(1, 'a tensor has at least one tag').max(16),
  description: text(0, 200).default(''),
  /** What the connection can carry at most, in W for energies, else in the quantity's unit. */
  capacity: z.number().positive().refine(fitsScaled, 'a capacity has 15 digits at most'),
});

const Policy = z.strictObject({
  minContributors: z.int().min(2).max(2500).default(15),
  shortestSlot: atLeast(1000, '1s').default(durationMs(900_000)),
  /** The round has to stand up to roster / this many homes that collude with the coordinator. */
  collusionDivisor: z.int().min(1).max(100).default(3),
  mostHomes: z.int().min(3).max(2500).default(2500),
  /** How long an agreement key is the newest: whoever gets hold of one can open what was sealed with it. */
  rotateKeys: atLeast(86_400_000, '1d').default(durationMs(30 * 86_400_000)),
  /** Whether the utility may learn how homes spread over a few ranges of values. */
  allowHistogram: z.boolean().default(false),
});

/** How long readings are held; what energies were at each quarter of an hour is kept for ever. */
const RetentionSettings = z.strictObject({
  /** As they came. */
  readings: atLeast(86_400_000, '1d').default(durationMs(7 * 86_400_000)),
  /** At each minute. */
  minutes: atLeast(86_400_000, '1d').default(durationMs(30 * 86_400_000)),
  /** Room on the disk, in MB, below which less is held. */
  leastFree: z.int().min(10).max(1_000_000).default(200),
});

/** Whether the protocol can carry it. */
function fitsScaled(value: number): boolean {
  try {
    return scaledOf(value)[0] > 0;
  } catch {
    return false;
  }
}

export const AgentYaml = z.strictObject({
  home: HomeId,
  dataDir: z.string().min(1),
  /** What the home says of itself to the operator when it enrols. */
  claim: text(0, 200).default(''),
  broker: Broker,
  pins: Pins.optional(),
  buses: z.array(Bus).default([]),
  devices: z.array(Device).default([]),
  tensors: z.array(DeviceTensor).default([]),
  plugs: z.array(Plug).default([]),
  policy: Policy.prefault({}),
  retention: RetentionSettings.prefault({}),
});

export type Settings = z.output<typeof AgentYaml>;
export type BusSettings = z.output<typeof Bus>;
export type DeviceSettings = z.output<typeof Device>;
export type PlugSettings = z.output<typeof Plug>;
export type TensorSettings = z.output<typeof DeviceTensor>;
export type PolicySettings = z.output<typeof Policy>;
