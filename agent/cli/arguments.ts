/**
 * Arguments of the household's commands, read: instants, lengths of time, whole numbers.
 */
import { InvalidArgumentError } from 'commander';
import type { EpochMs } from '../../broker/protocol/clock.ts';
import { isTimeZone } from '../../broker/protocol/local-time.ts';
import { tagPattern } from '../../broker/protocol/tag-pattern.ts';
import { durationExamples, parseDuration } from '../duration.ts';
import { AgentError } from '../errors.ts';
import { instantIn, readInstant, type WrittenInstant } from '../tensors/local-instant.ts';
import { systemZone } from './print.ts';

/** An instant as typed: what it is follows once the time zone is known. */
export function instantArgument(text: string): WrittenInstant {
  const written = readInstant(text.trim());
  if (written === undefined || (written.offsetMs !== undefined && written.wall < written.offsetMs)) {
    throw new InvalidArgumentError(
      'Give a day like 2026-11-23 or an instant like 2026-11-23T06:00 (local), …Z (UTC) or …+01:00.',
    );
  }
  return written;
}

/** @param zone left out: this machine's. @throws {AgentError} FIELD_MALFORMED */
export function instantOf(written: WrittenInstant, zone = systemZone()): EpochMs {
  const at = instantIn(zone, written);
  if (at !== undefined) return at;
  throw new AgentError('FIELD_MALFORMED', { field: 'instant', why: `no clock in ${zone} has shown this time` });
}

export function zoneArgument(text: string): string {
  if (isTimeZone(text)) return text;
  throw new InvalidArgumentError('Give a time zone like Europe/Berlin or UTC.');
}

/** The length of a slot: so many milliseconds, or so many days as the wall clock counts them. */
export type Step = { readonly ms: number } | { readonly days: number };

export function stepArgument(text: string): Step {
  const days = /^([1-9]\d{0,2})d$/.exec(text.trim())?.[1];
  return days === undefined ? { ms: durationArgument(text) } : { days: Number(days) };
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

/** For tags that may be several. */
export function tagArgument(text: string, before: readonly string[] = []): string[] {
  if (tagPattern.test(text)) return [...before, text];
  throw new InvalidArgumentError("A tag is # and then a-z 0-9 -, in quotes: '#fridge'.");
}

/** For an option that may be given several times. */
export function gathered(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}
