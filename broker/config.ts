/**
 * broker.yaml: every key and default of the utility's process, in one schema.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import * as z from 'zod';
import { BrokerError } from './errors.ts';
import { type DurationMs, durationMs } from './protocol/clock.ts';
import { defaultPrefix } from './protocol/default-prefix.ts';
import { firstWrong, unknownKey } from './schema-issue.ts';

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A length of time as people write it: 10s, 15m, 6h, 30d. */
const duration = (fallback: string) =>
  z
    .string()
    .regex(/^\d+(ms|s|m|h|d)$/, 'is not a duration like 10s, 15m, 6h or 30d')
    .default(fallback)
    .transform((text): DurationMs => {
      const [, count = '0', unit = 'ms'] = /^(\d+)(\w+)$/.exec(text) ?? [];
      return durationMs(Number(count) * (unitsMs[unit] ?? 1));
    });

const Listen = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  /** 0 takes any free port. */
  port: z.int().min(0).max(65535).default(1883),
  /** Allows listening where others can read along: there is no TLS yet. */
  insecure: z.boolean().default(false),
});

const RoundsConfig = z.strictObject({
  /** The minimum a round asks for when the operator names none. */
  minContributors: z.int().min(1).max(2500).default(15),
  reportWithin: duration('1h'),
  expireAfter: duration('24h'),
  /** How long the coordinator waits, with just enough answers, for more to check them by. */
  grace: duration('10s'),
  keepResults: duration('30d'),
});

export const BrokerConfig = z.strictObject({
  /** Database and key files; relative to the configuration file's own folder. */
  dataDir: z.string().min(1),
  listen: Listen.prefault({}),
  prefix: z
    .string()
    .regex(/^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/, 'is not a topic prefix like wattveil/v1')
    .default(defaultPrefix),
  rounds: RoundsConfig.prefault({}),
});
export type BrokerConfig = z.output<typeof BrokerConfig>;
/** As written in YAML. */
export type BrokerConfigInput = z.input<typeof BrokerConfig>;

/** @throws {BrokerError} CONFIG_NOT_FOUND, CONFIG_NOT_YAML, CONFIG_KEY_UNKNOWN, CONFIG_INVALID */
export function loadBrokerConfig(path: string): BrokerConfig {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new BrokerError('CONFIG_NOT_FOUND', { path }, { cause: error });
  }
  const config = parseBrokerConfig(text, path);
  return { ...config, dataDir: resolve(dirname(path), config.dataDir) };
}

/** @param path only for the error's text */
export function parseBrokerConfig(text: string, path: string): BrokerConfig {
  const document = parseDocument(text);
  const broken = document.errors[0];
  if (broken !== undefined) {
    throw new BrokerError('CONFIG_NOT_YAML', { path, why: broken.message.split('\n')[0] ?? broken.code });
  }
  const written: unknown = document.toJS() ?? {};
  const parsed = BrokerConfig.safeParse(written);
  if (parsed.success) return parsed.data;
  throw configError(path, parsed.error.issues, written);
}

function configError(path: string, issues: readonly z.core.$ZodIssue[], written: unknown): BrokerError {
  const unknown = unknownKey(issues, keysAt);
  if (unknown !== undefined) {
    const { key, hint, known } = unknown;
    return new BrokerError('CONFIG_KEY_UNKNOWN', { path, key, hint, known: known.join(', ') });
  }
  const { field, why } = firstWrong(issues, written);
  return new BrokerError('CONFIG_INVALID', { path, key: field, why });
}

const sections: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(BrokerConfig.shape),
  listen: Object.keys(Listen.shape),
  rounds: Object.keys(RoundsConfig.shape),
};

function keysAt(path: readonly PropertyKey[]): readonly string[] {
  return sections[path.map(String).join('.')] ?? [];
}
