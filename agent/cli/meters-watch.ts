/**
 * `wattveil meters read --watch`: all quantities live, each with its age, until Ctrl-C.
 */
import type { Clock } from '../../broker/protocol/clock.ts';
import type { MeterRow, MetersReading } from '../control/commands.ts';
import { formatDuration } from '../duration.ts';
import { amount, plain, print, shownUnit, table } from './print.ts';

const everyMs = 1000;

/** @param read asks the running agent */
export async function watchMeters(read: () => Promise<MetersReading>): Promise<void> {
  let going = true;
  process.once('SIGINT', () => {
    going = false;
  });
  while (going) {
    const reading = await read();
    if (process.stdout.isTTY) process.stdout.write('\x1b[2J\x1b[H');
    print(watchText(reading));
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

export function watchText({ devices, now }: MetersReading): string {
  const rows = devices.flatMap((device) => rowsOf(device, now));
  const failures = devices.flatMap(({ id, failure }) =>
    failure === undefined || failure.until !== undefined ? [] : [`! ${id}: ${failure.code}: ${plain(failure.says)}`],
  );
  return [table(['device', 'quantity', 'value', 'unit', 'age'], rows), ...failures].join('\n');
}

function rowsOf({ id, at, measured }: MeterRow, now: ReturnType<Clock['now']>): string[][] {
  if (at === undefined) return [[id, '', 'none yet', '', '']];
  const age = formatDuration(Math.max(0, Math.round((now - at) / 1000)) * 1000);
  return measured.map(({ quantity, unit, value }) => [id, quantity, amount(value, unit), shownUnit(unit), age]);
}
