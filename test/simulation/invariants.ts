/** What holds in every simulated world, at any instant; and what holds once all is quiet. */
import { sameBytes, toHex } from '../../broker/protocol/hex.ts';
import { Complaint } from '../../broker/protocol/messages.ts';
import type { AcceptedRoster } from '../../broker/protocol/roster.ts';
import type { Round } from '../../broker/protocol/round.ts';
import type { StoredRound } from './coordinator.ts';
import { overlap } from './home.ts';
import type { House } from './house.ts';
import { homeOf, houseOf, tensors, truth } from './street.ts';
import type { Said, World } from './world.ts';

/** @returns what is wrong; empty in a sound world */
export function violations(world: World): string[] {
  return [
    ...world.houses.flatMap((house) => [
      ...cellsTwice(world, house),
      ...answeredUnderMinimum(world, house),
      ...erasedTooSoon(house),
      ...wentBack(house),
    ]),
    ...saidOtherwise(world),
    ...world.toldTooSoon.map((what) => `the coordinator published a ${what} before it was on its disk`),
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

/** @returns the homes that hold a key that no round needs any more, long after the last one */
export function keysKept({ houses }: World): string[] {
  return houses.flatMap(({ number, power, keys }) =>
    power.up && keys.files.size !== 1 ? [`home ${number} holds ${keys.files.size} keys`] : [],
  );
}

/** Of what has left the house, whatever its disk still knows of it. */
function cellsTwice({ said, coordinator }: World, { number }: House): string[] {
  const reported = new Set(
    said.flatMap(({ house, topic, round }) => (house === number && topic === 'report' ? [round] : [])),
  );
  const cells = [...reported].flatMap((id) => cellsOf(coordinator.disk.get(id)?.round));
  return cells.flatMap((one, at) =>
    cells.slice(at + 1).flatMap((other) => (overlap(one, other) ? [`home ${number} released a cell twice`] : [])),
  );
}

function cellsOf(round: Round | undefined) {
  if (round === undefined) return [];
  const { query, grid } = round.announce;
  const span = { from: grid.from, until: grid.from + grid.slots * grid.step };
  const asked = tensors.filter(({ tags }) => query.tags.every((tag) => tags.includes(tag)));
  return asked.flatMap(({ source: { device, families } }) => families.map((family) => ({ device, family, ...span })));
}

function answeredUnderMinimum({ coordinator }: World, { number, disk }: House): string[] {
  return [...disk.answers].flatMap(([id, { contributors }]) =>
    contributors < (coordinator.disk.get(id)?.round.announce.minimum ?? 0)
      ? [`home ${number} answered for too few`]
      : [],
  );
}

function erasedTooSoon({ number, keys }: House): string[] {
  return keys.erasures.flatMap(({ sequence, at, neededUntil }) =>
    neededUntil !== undefined && at <= neededUntil
      ? [`home ${number} erased key ${sequence}, which a round needs`]
      : [],
  );
}

/** Epochs only rise, and with them the sequence of each home's key: kept in the order in which they were accepted. */
function wentBack({ number, disk }: House): string[] {
  const rosters = [...disk.rosters.values()].map(({ roster }) => roster);
  return rosters.slice(1).flatMap((roster, at) => {
    const before = rosters[at] as AcceptedRoster;
    const older = roster.homes.some(({ id, sequence }) =>
      before.homes.some((home) => home.id === id && home.sequence > sequence),
    );
    return roster.epoch <= before.epoch || older ? [`home ${number} took a roster older than one it has`] : [];
  });
}

/** One report and one answer of each home for each round, on its disk before anybody saw them, always the same bytes. */
function saidOtherwise(world: World): string[] {
  const { said } = world;
  const first = new Map<string, Said>();
  return said.flatMap((one) => {
    const { house, topic, round, payload, reported, stored } = one;
    if (topic === 'complaint') return complainsOfHonest(world, one);
    if (topic === 'decline') return reported ? [`home ${house} declines after its report`] : [];
    const key = `${house} ${topic} ${round}`;
    const before = first.get(key) ?? one;
    first.set(key, before);
    return [
      ...(stored ? [] : [`home ${house}: a ${topic} not on its disk`]),
      ...(before === one || toHex(before.payload) === toHex(payload) ? [] : [`home ${house}: another ${topic}`]),
    ];
  });
}

function complainsOfHonest({ coordinator, spoilers }: World, { house, round, payload }: Said): string[] {
  const of = coordinator.disk.get(round)?.round as Round;
  const named = numberOf(of, Complaint.decode(payload).contributor);
  return spoilers.has(named) ? [] : [`home ${house} complains of home ${named}, which seals well`];
}

function wrongResult(world: World, { round, sets, result }: StoredRound): string[] {
  const wrong = accusedWrongly(world, round, sets, result);
  if (sets.length > 2) wrong.push(`round ${round.id} has ${sets.length} sets`);
  if (result?.state !== 'opened') return wrong;
  const contributors = sets.at(-1)?.set.contributors ?? [];
  const { minimum } = round.announce;
  if (contributors.length < minimum || result.contributors < minimum) wrong.push('opened under the minimum');
  const silent = contributors.filter((index) => !hasReported(world, numberOf(round, index), round.id));
  if (silent.length > 0) wrong.push(`in the sum without a report: ${silent.join()}`);
  const expected = truth(round, contributors);
  if (result.sum.join() !== expected.join()) wrong.push(`the sum is ${result.sum.join()}, not ${expected.join()}`);
  if (result.inconsistent.length > 0) wrong.push(`honest homes are called inconsistent: ${result.inconsistent.join()}`);
  return wrong;
}

/** Dropped, at fault or in dispute, and yet honest. */
function accusedWrongly({ spoilers }: World, round: Round, sets: StoredRound['sets'], result: StoredRound['result']) {
  const [first, second] = sets.map(({ set }) => set.contributors);
  const dropped = second === undefined ? [] : (first ?? []).filter((index) => !second.includes(index));
  const named = [...(result?.fault ?? []), ...(result?.disputed ?? [])];
  const accused = [...dropped.map((index) => numberOf(round, index)), ...named.map(houseOf)];
  return accused.flatMap((number) => (spoilers.has(number) ? [] : [`home ${number} is accused, and seals well`]));
}

const hasReported = ({ said }: World, number: number, id: string) =>
  said.some(({ house, topic, round }) => house === number && topic === 'report' && round === id);

const numberOf = ({ roster }: Round, index: number) => houseOf(roster.homes[index - 1]?.id ?? '');

/** Whether a failure has a cause outside of the protocol: too few were there in time, or had anything to give. */
function isJustified(world: World, stored: StoredRound, early: boolean): boolean {
  const { round, heard, sets, result } = stored;
  const { minimum, expiry } = round.announce;
  const atCoordinator = [...heard.values()].filter(({ said }) => said === 'report').length;
  // What was not sent before its owner turned sharing off stays at home; and a home that has declined for good may have
  // a report by now, but nobody waits for it.
  const atHome = round.roster.homes.filter(({ index, id }) => {
    const one = heard.get(index);
    const said = one?.said === 'decline' && ['paused', 'no-data'].includes(one.reason) ? undefined : one?.said;
    const house = world.houses[houseOf(id) - 1] as House;
    return (
      said === 'report' ||
      (said === undefined && canAnswer(house, round) && house.core.sharing && house.disk.reports.has(round.id))
    );
  }).length;
  const reason = result?.state === 'failed' ? result.reason : undefined;
  if (reason === 'too-few-contributors') return sets.length === 0 && (early ? atCoordinator : atHome) < minimum;
  const expired = world.clock.now() >= expiry;
  if (reason === 'too-few-reports') return expired && atCoordinator < minimum;
  if (reason === 'complaint') return spoiledIn(world, stored).length > 0;
  if (reason !== 'too-few-answers' || !expired) return false;
  return world.quietFrom >= expiry || answersToCome(world, stored) < round.sharing.answers;
}

/** Answers that have come, and those of homes that are back and can give one. */
function answersToCome(world: World, stored: StoredRound): number {
  const { round, sets } = stored;
  const { set, answers } = sets.at(-1) ?? {};
  const spoiled = spoiledIn(world, stored);
  return round.roster.homes.filter(({ index, id }) => {
    const house = world.houses[houseOf(id) - 1] as House;
    const given = house.disk.answers.get(round.id);
    const forOther = given !== undefined && set !== undefined && !sameBytes(given.setHash, set.hash);
    const complains = spoiled.some((member) => member === 0 || member === index);
    return answers?.has(index) === true || (!forOther && !complains && canAnswer(house, round));
  }).length;
}

/** Of the contributors that seal badly: for which member; 0 is all. */
function spoiledIn({ spoilers }: World, { round, sets }: StoredRound): number[] {
  const contributors = sets.at(-1)?.set.contributors ?? [];
  return contributors.flatMap((index) => spoilers.get(numberOf(round, index)) ?? []);
}

/** It is there with the key that the roster names, and has not taken a newer roster before it could take that one. */
function canAnswer({ number, power, keys, disk }: House, { roster }: Round): boolean {
  const named = roster.homes.find(({ id }) => id === homeOf(number));
  const key = named && keys.files.get(named.sequence);
  if (!power.up || named === undefined || key === undefined || toHex(key.publicKey) !== toHex(named.agreement))
    return false;
  const epochs = [...disk.rosters.values()].map((known) => known.roster.epoch);
  return disk.rosters.has(toHex(roster.hash)) || roster.epoch > Math.max(0, ...epochs);
}
