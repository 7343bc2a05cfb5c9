/**
 * What follows from complaints about shares that do not open: whom to drop, who is at fault, who is in dispute. Pure.
 *
 * A complaint cannot be proved, so one member's word counts for little: a contributor is at fault only where more members
 * complain of it than may fail. Dropping one is no verdict, and costs a round one contributor.
 */
import type { Complaints, Opening, RoundRules } from './round-states.ts';

/** Contributors that are complained of, ascending. */
export interface Named {
  /** By more members than may fail: it is not they who lie. */
  readonly fault: readonly number[];
  /** By fewer: the contributor or the member is wrong, and nobody here can know which. */
  readonly disputed: readonly number[];
}

export function namedBy(rules: RoundRules, now: Opening): Named {
  const { dropouts } = rules.round.sharing;
  const named = [...complainersOf(now)].sort(([one], [other]) => one - other);
  return {
    fault: named.filter(([, members]) => members.size > dropouts).map(([contributor]) => contributor),
    disputed: named.filter(([, members]) => members.size <= dropouts).map(([contributor]) => contributor),
  };
}

/** By contributor, over both sets of a round. */
function complainersOf({ complaints, former }: Opening): Map<number, Set<number>> {
  const complainers = new Map<number, Set<number>>();
  for (const part of [former?.complaints ?? new Map<number, number[]>(), complaints]) {
    for (const [member, contributors] of part) {
      for (const contributor of contributors) {
        const members = complainers.get(contributor) ?? new Set();
        complainers.set(contributor, members.add(member));
      }
    }
  }
  return complainers;
}

/**
 * The contributors to leave out of a second set: those that the first wave complains of, the most named first, as long
 * as the announced minimum remains. A member that names more contributors than homes may fail has rather lost its own
 * key: it is believed only in what most of the wave says too.
 */
export function droppedAfterWave(rules: RoundRules, now: Opening): readonly number[] {
  const { sharing, announce } = rules.round;
  const heard = now.wave.filter((member) => now.answers[member - 1] !== undefined || now.complaints.has(member)).length;
  const votes = votesOf(now.complaints);
  const fromFew = votesOf(new Map([...now.complaints].filter(([, named]) => named.length <= sharing.dropouts)));
  const believed = [...votes].filter(
    ([contributor, count]) => fromFew.has(contributor) || (heard > 1 && 2 * count > heard),
  );
  return believed
    .sort(([one, votesOfOne], [other, votesOfOther]) => votesOfOther - votesOfOne || one - other)
    .slice(0, now.set.contributors.length - announce.minimum)
    .map(([contributor]) => contributor);
}

function votesOf(complaints: Complaints): Map<number, number> {
  const votes = new Map<number, number>();
  for (const contributor of [...complaints.values()].flat()) votes.set(contributor, (votes.get(contributor) ?? 0) + 1);
  return votes;
}

/** @returns the complaints with one more; the same ones if it is known, or that member has said enough */
export function withComplaint(
  { round }: RoundRules,
  { complaints }: Opening,
  { home, contributor }: { home: number; contributor: number },
): Complaints {
  const named = complaints.get(home) ?? [];
  // One that has lost its key complains of everybody, and each complaint is a write.
  const most = 2 * (round.sharing.dropouts + 1);
  const isNews = named.length < most && !named.includes(contributor);
  return isNews ? new Map(complaints).set(home, [...named, contributor]) : complaints;
}
