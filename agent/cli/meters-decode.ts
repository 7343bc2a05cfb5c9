/**
 * `wattveil meters decode`: what recorded telegrams say.
 */
import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ObisValue, Telegram } from '../../hardware/telegram.ts';
import type { TelegramFormat } from '../../hardware/telegram-file.ts';
import { AgentError, reasonOf } from '../errors.ts';
import { orError } from './at-agent.ts';
import { print } from './print.ts';

const formats = ['sml', 'dsmr', 'iec62056'] as const satisfies readonly TelegramFormat[];

interface DecodeOptions {
  readonly format: TelegramFormat;
  readonly key?: Uint8Array;
  readonly authenticationKey?: Uint8Array;
}

export function metersDecodeCommand(group: Command): void {
  group
    .command('decode <file>')
    .description('show what recorded telegrams of a meter say, as JSON')
    .addOption(
      new Option('--format <format>', 'what the telegrams are written in').choices(formats).makeOptionMandatory(),
    )
    .option('--key <hex>', 'key of an encrypted customer port, 32 digits', keyOf)
    .option('--authentication-key <hex>', 'its authentication key, where the operator gave one', keyOf)
    .addHelpText(
      'after',
      `
The recording may begin and end in the middle of a telegram, and hold many. A telegram whose check is bad has no values.

Examples:
  wattveil meters decode --format sml optical-head.bin
  wattveil meters decode --format dsmr p1.txt | jq '.[].values["1-0:1.8.1"].value'`,
    )
    .action((file: string, options: DecodeOptions) =>
      orError({ json: true }, async () => {
        const { decodeTelegrams } = await import('../../hardware/telegram-file.ts');
        const { key, authenticationKey } = options;
        const keys = key === undefined ? undefined : { key, authenticationKey };
        const telegrams = decodeTelegrams(options.format, bytesOf(file), keys);
        print(JSON.stringify(telegrams.map(shown), null, 2));
      }),
    );
}

function bytesOf(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new AgentError('RECORDING_UNREADABLE', { file, why: reasonOf(error) }, { cause: error });
  }
}

function shown({ check, values }: Telegram, index: number) {
  return {
    index,
    crc: check,
    values: Object.fromEntries([...values].map(([code, value]) => [code, shownValue(value)])),
  };
}

/** A number that JSON's readers would round goes as text. */
function shownValue({ raw, scaler, unit, value }: ObisValue) {
  const isExact = typeof raw === 'bigint' && BigInt.asIntN(53, raw) === raw;
  return { raw: isExact ? Number(raw) : typeof raw === 'bigint' ? String(raw) : raw, scaler, unit, value };
}

function keyOf(text: string): Uint8Array {
  if (!/^[0-9A-Fa-f]{32}$/.test(text)) throw new InvalidArgumentError('A key has 32 digits in hex.');
  return Buffer.from(text, 'hex');
}
