/**
 * Arguments of the household's commands, read: instants, lengths of time, whole numbers.
 */
import { InvalidArgumentError } from 'commander';
import { type EpochMs, epochMs } from '../../broker/protocol/clock.ts';
import { durationExamples, parseDuration } from '../duration.ts';

const instantPattern = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d(?:\.\d{1,9})?))?)?(Z|[+-]\d\d:\d\d)?$/;

/** 2026-11-23, 2026-11-23T06:00: local; with Z or an offset as it says. What is less than a millisecond falls away. */
export function instantArgument(text: string): EpochMs {
  const [, year, month, day, hour = '00', minute = '00', second = '00', offset = ''] = instantPattern.exec(text) ?? [];
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}${offset}`);
  // 30 February would become a day in March, and 24:00 the next day.
  const days = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  if (Number.isNaN(date.getTime()) || Number(day) > days || Number(hour) > 23 || date.getTime() < 0) {
    throw new InvalidArgumentError(
      'Give a day like 2026-11-23 or an instant like 2026-11-23T06:00 (local), …Z (UTC) or …+01:00.',
    );
  }
  return epochMs(date.getTime());
}

export function durationArgument(text: string): number {
  const length = parseDuration(text);
  if (length === undefined) throw new InvalidArgumentError(`Give a length of time like ${durationExamples}.`);
  return length;
}

export function countArgument(text: string): number {
  const count = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : Number.NaN;
  if (!(count <= 4096)) throw new InvalidArgumentError('Give a whole number from 1 to 4096.');
  return count;
}

/** For an option that may be given several times. */
export function gathered(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}
