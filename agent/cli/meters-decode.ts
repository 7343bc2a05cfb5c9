/**
 * `wattveil meters decode`: what recorded telegrams say.
 */
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { P1Keys } from '../../hardware/dsmr/encrypted-framer.ts';
import type { HardwareError } from '../../hardware/errors.ts';
import type { ObisValue, Telegram } from '../../hardware/telegram.ts';
import type { TelegramFormat } from '../../hardware/telegram-formats.ts';
import { AgentError, reasonOf } from '../errors.ts';
import { orError } from './at-agent.ts';
import { print, printError } from './print.ts';

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
The recording, or - for what comes in, may begin and end in the middle of a telegram, hold many, and be a dump in hex.
A telegram whose check is bad has no values.

Examples:
  wattveil meters decode --format sml optical-head.bin
  wattveil meters decode --format dsmr p1.txt | jq '.[].values["1-0:1.8.1"].value'`,
    )
    .action((file: string, options: DecodeOptions, command: Command) => {
      const { format, key, authenticationKey } = options;
      if (format !== 'dsmr' && key !== undefined) command.error('error: only telegrams of dsmr are opened by a --key');
      if (key === undefined && authenticationKey !== undefined) {
        command.error('error: --authentication-key opens nothing without --key');
      }
      const keys = key === undefined ? undefined : { key, authenticationKey };
      return orError({ json: true }, () => decode(file, format, keys));
    });
}

async function decode(file: string, format: TelegramFormat, keys: P1Keys | undefined): Promise<void> {
  const { Recording } = await import('../../hardware/recording.ts');
  const recording = new Recording(format, keys);
  const list = new TelegramList();
  let trouble: AgentError | HardwareError | undefined;
  try {
    for await (const bytes of bytesOf(file)) await list.add(recording.push(bytes));
    await list.add(recording.end());
    trouble = recording.trouble();
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    trouble = error;
  }
  if (trouble !== undefined && trouble.code !== 'RECORDING_WITHOUT_TELEGRAMS' && list.isEmpty) throw trouble;
  list.end();
  if (trouble === undefined) return;
  // Beside the list, which a program may read: it is right, and short.
  printError(trouble, false);
  if (trouble.code !== 'RECORDING_WITHOUT_TELEGRAMS') process.exitCode = 1;
}

/** Piece by piece: it may be long, or not end as long as the meter sends. */
async function* bytesOf(file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* file === '-' ? process.stdin : createReadStream(file);
  } catch (error) {
    throw new AgentError('RECORDING_UNREADABLE', { file, why: reasonOf(error) }, { cause: error });
  }
}

/** In JSON, of which each part is printed as soon as it is known. */
class TelegramList {
  #length = 0;

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  async add(telegrams: readonly Telegram[]): Promise<void> {
    for (const telegram of telegrams) {
      const text = JSON.stringify(shown(telegram, this.#length), null, 2).replace(/^/gm, '  ');
      process.stdout.write(`${this.isEmpty ? '[' : ','}\n${text}`);
      this.#length++;
      if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
    }
  }

  end(): void {
    print(this.isEmpty ? '[]' : '\n]');
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
