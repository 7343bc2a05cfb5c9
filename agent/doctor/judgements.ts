/**
 * What is well and what is wrong about a home, from what was found out. Pure.
 */
import type { EpochMs } from '../../broker/protocol/clock.ts';
import type { MeterRow } from '../control/commands.ts';
import { formatDuration } from '../duration.ts';
import { AgentError } from '../errors.ts';
import { type Finding, note, well, wrong } from './finding.ts';

const megabyte = 1_000_000;
/** Enough for some months of readings, and for what else runs on such a machine. */
const fewMegabytes = 200;

export function judgeDisk(path: string, freeBytes: number): Finding {
  const free = Math.floor(freeBytes / megabyte);
  if (free >= fewMegabytes) return well('disk', `${free} MB free for ${path}`);
  return wrong('disk', new AgentError('DISK_LOW', { path, free, few: fewMegabytes }));
}

/** So many intervals may pass, each in its turn on a line with others, before a reading is late. */
const lateIntervals = 3;

/** @param live false where nothing reads now: then how old it is says nothing */
export function judgeReading(row: MeterRow, { now, live }: { now: EpochMs; live: boolean }): Finding {
  const { id: device, at, failure, pollEveryMs } = row;
  if (failure !== undefined && failure.until === undefined) {
    return wrong('device', { ...failure, says: `${device}: ${failure.says}` });
  }
  if (at === undefined) {
    const told = new AgentError('DEVICE_NEVER_READ', { device });
    return live ? wrong('device', told) : note('device', told);
  }
  const age = formatDuration(Math.max(1, Math.round((now - at) / 1000)) * 1000);
  const says = `${device} was last read ${age} ago`;
  if (!live || now - at <= lateIntervals * pollEveryMs) return well('device', says);
  return wrong('device', new AgentError('DEVICE_LATE', { device, age, every: formatDuration(pollEveryMs) }));
}

const dayMs = 86_400_000;
const fewDays = 30;

/** @param valid left out where the home is not enrolled */
export function judgeCertificate(valid: { from: number; until: number } | undefined, now: EpochMs): Finding {
  if (valid === undefined) return note('certificate', new AgentError('NOT_ENROLLED'));
  const [from, until] = [valid.from, valid.until].map((at) => new Date(at).toISOString().slice(0, 10)) as [
    string,
    string,
  ];
  if (now < valid.from) return wrong('certificate', new AgentError('CERTIFICATE_AHEAD', { from }));
  if (now > valid.until) return wrong('certificate', new AgentError('CERTIFICATE_OVER', { until }));
  if (valid.until - now < fewDays * dayMs) return note('certificate', new AgentError('CERTIFICATE_ENDS', { until }));
  return well('certificate', `valid until ${until}`);
}
