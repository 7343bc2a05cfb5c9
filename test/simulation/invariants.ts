/** What holds in every simulated world, at any instant; and what holds once all is quiet. */
import type { AnswerGiven } from '../../agent/rounds/participant-event.ts';
import { toHex } from '../../broker/protocol/hex.ts';
import type { StoredRound } from './coordinator.ts';
import { overlap, type SimulatedHome } from './home.ts';
import { truth } from './street.ts';
import type { World } from './world.ts';

/** @returns what is wrong; empty in a sound world */
export function violations(world: World): string[] {
  return [
    ...world.homes.flatMap((home) => [...cellsTwice(home), ...answeredUnderMinimum(world, home)]),
    ...saidTwice(world),
    ...[...world.coordinator.disk.values()].flatMap((stored) => wrongResult(world, stored)),
  ];
}

/** @param before ids of the rounds that had ended before all was quiet */
export function stuck(world: World, before: ReadonlySet<string>): string[] {
  return [...world.coordinator.disk.values()].flatMap((stored) => {
    const { round, result } = stored;
    if (result === undefined) return [`round ${round.id} goes on though all are back`];
    return result.state === 'opened' || isJustified(world, stored, before.has(round.id))
      ? []
      : [`${round.id}: ${result.reason}`];
  });
}

function cellsTwice({ index, disk }: SimulatedHome): string[] {
  return disk.spent.flatMap((one, at) =>
    disk.spent.slice(at + 1).flatMap((other) => (overlap(one, other) ? [`home ${index} released a cell twice`] : [])),
  );
}

function answeredUnderMinimum({ coordinator }: World, { index, disk }: SimulatedHome): string[] {
  const tooFew = ([id, given]: [string, AnswerGiven]) =>
    given.contributors < (coordinator.disk.get(id)?.round.announce.minimum ?? 0);
  return [...disk.answers].filter(tooFew).map(() => `home ${index} answered for too few`);
}

/** One report and one answer of each home for each round, the ones on its disk. */
function saidTwice({ said, homes }: World): string[] {
  return said.flatMap(({ home, topic, round, payload, reported }) => {
    const { disk } = homes[home - 1] as SimulatedHome;
    if (topic === 'complaint') return [`home ${home} complains, and nobody lies`];
    if (topic === 'decline') return reported ? [`home ${home} declines after its report`] : [];
    const stored = topic === 'report' ? disk.reports.get(round)?.report : disk.answers.get(round)?.answer;
    return stored !== undefined && toHex(stored) === toHex(payload) ? [] : [`home ${home}: a ${topic} not on its disk`];
  });
}

function wrongResult(world: World, { round, sets, result }: StoredRound): string[] {
  const wrong: string[] = [];
  if (sets.length > 1) wrong.push(`round ${round.id} has ${sets.length} sets though nobody complains`);
  if (result?.state !== 'opened') return wrong;
  const contributors = sets.at(-1)?.set.contributors ?? [];
  const { minimum } = round.announce;
  if (contributors.length < minimum || result.contributors < minimum) wrong.push('opened under the minimum');
  const silent = contributors.filter((home) => !world.homes[home - 1]?.disk.reports.has(round.id));
  if (silent.length > 0) wrong.push(`in the sum without a report: ${silent.join()}`);
  const expected = truth(round, contributors);
  if (result.sum.join() !== expected.join()) wrong.push(`the sum is ${result.sum.join()}, not ${expected.join()}`);
  if (result.inconsistent.length > 0) wrong.push(`honest homes are called inconsistent: ${result.inconsistent.join()}`);
  return wrong;
}

/** Whether a failure has a cause outside of the protocol: too few were there in time, or had anything to give. */
function isJustified(world: World, { round, heard, sets, result }: StoredRound, early: boolean): boolean {
  const { minimum, expiry } = round.announce;
  const atCoordinator = [...heard.values()].filter(({ said }) => said === 'report').length;
  // What was not sent before its owner turned sharing off stays at home; and a home that has declined may have a report
  // by now, but nobody waits for it.
  const atHome = world.homes.filter(({ index, disk, power, sharing }) => {
    const said = heard.get(index)?.said;
    return said === 'report' || (said === undefined && power.up && sharing && disk.reports.has(round.id));
  }).length;
  const reason = result?.state === 'failed' ? result.reason : undefined;
  if (reason === 'too-few-contributors') return sets.length === 0 && (early ? atCoordinator : atHome) < minimum;
  const expired = world.clock.now() >= expiry;
  if (reason === 'too-few-reports') return expired && atCoordinator < minimum;
  return reason === 'too-few-answers' && expired;
}
