/**
 * `wattveil tensors add`: values that were read off by hand, or that a meter's portal has exported.
 */
import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { Clock } from '../../broker/protocol/clock.ts';
import type { Asks } from '../control/commands.ts';
import { formatDuration } from '../duration.ts';
import { AgentError, reasonOf } from '../errors.ts';
import { dayLengths } from '../tensors/local-days.ts';
import type { WrittenInstant } from '../tensors/local-instant.ts';
import type { MeterExport } from '../tensors/meter-export.ts';
import { gathered, instantArgument, instantOf, type Step, stepArgument, zoneArgument } from './arguments.ts';
import { type AgentOptions, atAgent, orError, withConfig } from './at-agent.ts';
import { local, print, remark, systemZone, zone } from './print.ts';

interface AddOptions extends AgentOptions {
  readonly tag: readonly string[];
  readonly describe: string;
  readonly quantity: string;
  readonly capacity: string;
  readonly unit?: string;
  readonly from?: WrittenInstant;
  readonly step?: Step;
  readonly file?: string;
  readonly column?: string;
  readonly zone?: string;
}

export function tensorsAddCommand(group: Command, clock: Clock): void {
  withConfig(group.command('add').description('enter values by hand, one per slot'))
    .argument('<name>', 'of the tensor; never used again, so put the date or the year in it')
    .argument('[values...]', 'one per slot, plain decimals')
    .requiredOption('--tag <tag>', 'what a round finds it by; may be given several times', gathered)
    .requiredOption(
      '--capacity <number>',
      'largest possible value: for energies in one hour (3.68 with kWh), else at all',
    )
    .option('--unit <unit>', 'of the values and the capacity: kWh, Wh, kW, W, A, V (default: what the file says)')
    .addOption(new Option('--from <instant>', 'where the first slot begins').argParser(instantArgument))
    .addOption(
      new Option('--step <length>', 'of a slot: 15m, 1h, 6h, 24h; 1d is a day of the calendar').argParser(stepArgument),
    )
    .option('--quantity <quantity>', 'what the values are', 'energyImport')
    .option('--describe <text>', 'for people, up to 200 bytes', '')
    .option(
      '--file <path>',
      'take the values from a file: one a line, or a table as meters’ portals export it; - is standard input',
    )
    .option('--column <name>', 'of the file, that has the values')
    .addOption(
      new Option('--zone <name>', 'whose clocks a file shows, whose days 1d is (default: this machine’s)').argParser(
        zoneArgument,
      ),
    )
    .addHelpText(
      'after',
      `
Numbers are taken exactly as written; kWh are kept as Wh. One wrong value, and nothing is stored. A round can use the
slots as they are, or several of them together, never parts of one. They leave the house only once published.

A file may be a table, its cells parted by commas, semicolons or tabs, its columns named in a line of their own: the
column of values by its unit (energy_kWh, "Verbrauch (kWh)"), the one of instants by from, start, time, date, Datum,
Zeit; slots follow one upon the other without a gap. What it does not say is asked for: --unit, --column, or --from
and --step where there are no instants.

Examples:
  wattveil tensors add bulb-23-nov --tag '#energy-consumption' --tag '#light-bulb' --unit kWh --capacity 3.68 \\
    --from 2026-11-23 --step 6h 3.0 2.5 6.7 4.5
  wattveil tensors add heating-2026 --tag '#heating' --capacity 9 --file readings.csv`,
    )
    .action((id: string, values: string[], options: AddOptions) =>
      orError({}, async () => {
        const asks = await askOf(id, values, options);
        const { tensor, twice } = await atAgent(options, clock, 'tensors add', asks);
        const [steps = 1, ...others] = new Set(asks.steps);
        // Days over a change of the clocks are not equally long.
        const each = others.length === 0 ? ` of ${formatDuration(steps * asks.stepMs)}` : '';
        print(
          `${id} is entered: ${tensor.shape[0]} slots${each}, ${local(tensor.from, options.zone)} to ${local(tensor.until, options.zone)} (${zone(options.zone)}).`,
        );
        for (const other of twice) remark(twiceText(id, other));
        print(`Nobody sees it yet. To let it be summed: wattveil tensors publish ${id}`);
      }),
    );
}

/** Two names are two sources: nothing but this keeps the same kilowatt-hours from being summed twice. */
function twiceText(id: string, other: string): string {
  return `Careful: ${other} has values for some of these hours, too, and tags that speak of the same things. If both
are the same kilowatt-hours, publish only one of them, or: wattveil tensors remove ${id}`;
}

/** @throws {AgentError} VALUES_UNREADABLE, COLUMN_*, TIME_MALFORMED, SLOTS_*, UNIT_MISSING */
async function askOf(id: string, typed: readonly string[], options: AddOptions): Promise<Asks<'tensors add'>> {
  const { tag, describe, quantity, capacity, zone, file } = options;
  const read = file === undefined ? undefined : await readFrom(file, options);
  const unit = read?.unit ?? options.unit;
  const from = options.from === undefined ? read?.from : instantOf(options.from, zone);
  const values = [...typed.map((text, index) => ({ text, where: `value ${index + 1}` })), ...(read?.values ?? [])];
  const lengths = from === undefined ? undefined : lengthsOf(options, read, from, values.length);
  if (unit === undefined) throw new AgentError('UNIT_MISSING');
  if (from === undefined || lengths === undefined) throw new AgentError('SLOTS_MISSING');
  return { id, tags: [...tag], description: describe, quantity, unit, capacity, from, ...lengths, values };
}

/** As said; else as the file has them. */
function lengthsOf(
  { step, zone = systemZone() }: AddOptions,
  read: MeterExport | undefined,
  from: number,
  slots: number,
) {
  if (step !== undefined) return 'ms' in step ? { stepMs: step.ms } : dayLengths(zone, from, step.days, slots);
  if (read?.stepMs === undefined) return undefined;
  return { stepMs: read.stepMs, ...(read.steps && { steps: [...read.steps] }) };
}

async function readFrom(file: string, { zone = systemZone(), column, unit }: AddOptions): Promise<MeterExport> {
  const path = file === '-' ? 'standard input' : file;
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new AgentError('VALUES_UNREADABLE', { path, why: reasonOf(error) }, { cause: error });
  }
  // Only here: few commands read a table.
  const { readExport } = await import('../tensors/meter-export.ts');
  return readExport(text, { path, zone, column, unit });
}
