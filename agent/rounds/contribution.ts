/**
 * A home as contributor of one round: whether and when it reports. Pure.
 */
import type { EpochMs } from '../../broker/protocol/clock.ts';
import { Decline } from '../../broker/protocol/messages.ts';
import { makeReport } from '../../broker/protocol/report.ts';
import type { Round } from '../../broker/protocol/round.ts';
import { encodeVector } from '../../broker/protocol/vector.ts';
import { assessRound, type HomeFacts } from '../policy/assess-round.ts';
import { cellsOf, checkCells } from '../policy/check-cells.ts';
import type { Seat } from '../policy/judge-announcement.ts';
import { declineOf, type Refusal, type RefusalCode } from '../policy/refusals.ts';
import { ownSum } from './own-sum.ts';
import type { Effect, ParticipantEvent, Release } from './participant-event.ts';

export type Contribution =
  /** Nothing of this home's is asked for, as far as it knows. */
  | { readonly state: 'idle' }
  /** For the grid's end, or for the reading after it. `told`: the decline that the utility has, if any. */
  | { readonly state: 'waiting'; readonly until: EpochMs; readonly told: RefusalCode | undefined }
  | { readonly state: 'reading'; readonly told: RefusalCode | undefined }
  /** The report is made and not on disk yet: nobody may see it. */
  | { readonly state: 'releasing'; readonly release: Release }
  /** On disk; said again until the utility shows that it has it. */
  | { readonly state: 'reported'; readonly report: Uint8Array }
  /** A signed set has this home's bit. */
  | { readonly state: 'proved' }
  /** Binds nothing: what was missing may come. */
  | { readonly state: 'declined'; readonly code: RefusalCode }
  /** The set was fixed without this home: a report would use up cells for nothing. */
  | { readonly state: 'leftOut' };

type Step = [Contribution, Effect[]];
type Considered = { readonly facts: HomeFacts; readonly now: EpochMs };
type SlotsRead = Extract<ParticipantEvent, { type: 'slotsRead' }>;

/** @param round accepted by this home as a member; `seat` is its place in the round's roster */
export function contribute(now: Contribution, event: ParticipantEvent, round: Round, seat: Seat): Step {
  switch (now.state) {
    case 'idle':
    case 'declined':
      if (event.type === 'announced' || event.type === 'reconsider') {
        // An announcement that comes again asks for the decline again, too: it may be the connection that is new.
        const told = event.type === 'reconsider' && now.state === 'declined' ? now.code : undefined;
        return consider(round, event, told);
      }
      return [now, []];
    case 'waiting':
      return event.type === 'reconsider' && event.now >= now.until ? consider(round, event, now.told) : [now, []];
    case 'reading':
      return event.type === 'slotsRead' ? release(event, round, seat, now.told) : [now, []];
    case 'releasing':
      // Only once report and spent cells are on disk: a power cut must not forget what left the house.
      if (event.type !== 'reportStored') return [now, []];
      return [{ state: 'reported', report: now.release.report }, [publishReport(now.release.report)]];
    case 'reported':
      // Retained announcements come again at every connect, and whenever the coordinator has lost its way. What has not
      // left the house when its owner turns sharing off stays; its cells are spent all the same.
      return event.type === 'announced' && event.facts.sharing ? [now, [publishReport(now.report)]] : [now, []];
    case 'proved':
    case 'leftOut':
      return [now, []];
  }
}

/** A valid set was shown to this home. */
export function afterSet(now: Contribution, contributors: readonly number[], own: number): Contribution {
  const included = contributors.includes(own);
  switch (now.state) {
    case 'reported':
      return included ? { state: 'proved' } : now;
    case 'idle':
    case 'waiting':
    case 'reading':
    case 'declined':
      return { state: 'leftOut' };
    default:
      return now;
  }
}

function consider(round: Round, { facts, now }: Considered, told: RefusalCode | undefined): Step {
  const assessment = assessRound(round, facts, now);
  switch (assessment.next) {
    case 'nothing':
      return [{ state: 'idle' }, []];
    case 'refuse':
      return decline(round, assessment.refusal, told);
    case 'wait':
      return wait(assessment.until, told);
    case 'read':
      return [{ state: 'reading', told }, [{ type: 'readSlots', round, tensors: assessment.tensors }]];
  }
}

function wait(until: EpochMs, told: RefusalCode | undefined): Step {
  return [{ state: 'waiting', until, told }, [{ type: 'wake', at: until }]];
}

function decline(round: Round, refused: Refusal, told: RefusalCode | undefined): Step {
  const state: Contribution = { state: 'declined', code: refused.code };
  if (told === refused.code) return [state, []];
  const effects: Effect[] = [{ type: 'writeRefusal', refusal: refused, announce: round.announce }];
  const reason = declineOf(refused.code);
  if (reason !== undefined) {
    effects.push({ type: 'publish', topic: 'decline', payload: Decline.encode({ round: round.hash, reason }) });
  }
  return [state, effects];
}

function release(event: SlotsRead, round: Round, seat: Seat, told: RefusalCode | undefined): Step {
  const { announce } = round;
  const coverage = event.slots.map(({ tensor, coverage: slots }) => ({ id: tensor.id, slots }));
  const check = checkCells(announce, coverage, event.spentIn, event.now);
  if (check.cells === 'refused') return decline(round, check.refusal, told);
  if (check.cells === 'unsettled') return wait(check.until, told);
  const tensors = event.slots.map(({ tensor }) => tensor);
  const { values, clipped } = ownSum(event.slots, announce.grid);
  const vector = encodeVector(announce, values);
  const made: Release = {
    report: makeReport(round, seat.own, seat.pairKeys, vector, event.salt, event.residues),
    cells: cellsOf(announce.grid, tensors),
    tensors: tensors.map(({ id }) => id),
  };
  const noted: Effect[] = clipped.length > 0 ? [{ type: 'noteClipped', tensors: clipped }] : [];
  return [{ state: 'releasing', release: made }, [...noted, { type: 'storeReport', round, release: made }]];
}

const publishReport = (payload: Uint8Array): Effect => ({ type: 'publish', topic: 'report', payload });
