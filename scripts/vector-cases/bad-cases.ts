/**
 * Runs the `bad` cases of messages.json: each message has to be refused in the first round's context.
 */
import * as z from 'zod';
import { answerOpen, readAnswer, readComplaint, readOpen } from '../../broker/protocol/answer.ts';
import { readSet } from '../../broker/protocol/contributor-set.ts';
import { ProtocolError } from '../../broker/protocol/errors.ts';
import { Result } from '../../broker/protocol/json-messages.ts';
import { AgreementKey, Catalogue, Complaint, MemberList } from '../../broker/protocol/messages.ts';
import { readDecline, readReport } from '../../broker/protocol/report.ts';
import { checkRoster } from '../../broker/protocol/roster.ts';
import { checkAnnounce } from '../../broker/protocol/round.ts';
import { readSignedJson } from '../../broker/protocol/signed-json.ts';
import { openSigned } from '../../broker/protocol/signing.ts';
import { type BadCase, fromHexText } from './format.ts';
import type { Tally } from './tally.ts';
import type { World } from './world.ts';

/** What became of a message: refused with an error, complained about, or taken. */
export type Outcome =
  | { readonly refused: ProtocolError }
  | { readonly complaints: readonly number[] }
  | { readonly taken: true };

export function runBad(cases: readonly BadCase[], world: World | undefined, tally: Tally): void {
  for (const one of cases) {
    tally.check('bad', one.name, () => {
      if (world === undefined) throw new RangeError('there is no first round to judge it by');
      const outcome = outcomeOf(one, world);
      if (one.reason !== 'complaint') return 'refused' in outcome;
      return 'complaints' in outcome && String(outcome.complaints) === String(one.state?.contributor);
    });
  }
}

/** @throws whatever is no refusal: a mistake in the code or the file */
export function outcomeOf(one: BadCase, world: World): Outcome {
  try {
    const read = readers[one.type];
    if (read === undefined) throw new RangeError(`no message of type ${one.type}`);
    return read(one, world) ?? { taken: true };
  } catch (error) {
    if (error instanceof ProtocolError) return { refused: error };
    throw error;
  }
}

type Read = (one: BadCase, world: World) => Outcome | undefined;

/** Reads and throws the rest away. */
const reading =
  (read: (bytes: Uint8Array, world: World) => unknown): Read =>
  (one, world) => {
    read(fromHexText(one.message), world);
    return undefined;
  };

const Loose = z.looseObject({});
const readingJson =
  (schema: z.ZodType): Read =>
  ({ type, message }, { coordinator }) => {
    readSignedJson(schema, type, coordinator.publicKey, message, 'the coordinator');
    return undefined;
  };

const readers: Readonly<Record<string, Read>> = {
  'agreement-key': reading((bytes, world) => openSigned(AgreementKey, world.identity(1).publicKey, bytes, 'home 1')),
  'member-list': reading((bytes, { authority }) => openSigned(MemberList, authority.publicKey, bytes, 'the authority')),
  catalogue: reading((bytes, world) => openSigned(Catalogue, world.identity(1).publicKey, bytes, 'home 1')),
  announce: reading((bytes, { announceContext, roster }) =>
    checkAnnounce(bytes, {
      ...announceContext,
      roster: (hash) => (Buffer.compare(hash, roster.hash) === 0 ? roster : undefined),
    }),
  ),
  report: reading((bytes, { round }) => readReport(round, bytes)),
  decline: reading((bytes, { round }) => readDecline(round, bytes)),
  set: reading((bytes, { round, coordinator }) => readSet(round, coordinator.publicKey, bytes)),
  answer: reading((bytes, { round, set }) => readAnswer(round, set.hash, bytes)),
  complaint: reading((bytes, { round, set }) => readComplaint(round, set, bytes)),
  result: readingJson(Result),
  // The file's tariffs and events are made up: any fields.
  tariff: readingJson(Loose),
  event: readingJson(Loose),
  roster({ message, state }, { given, rosterContext }) {
    const seen = Object.entries(state?.seen ?? {}).map(
      ([home, [sequence, key]]) => [home, { sequence, key: fromHexText(key) }] as const,
    );
    const epochs = Object.entries(state?.epochs ?? {}).map(
      ([epoch, hash]) => [Number(epoch), fromHexText(hash)] as const,
    );
    const bytes = fromHexText(message === '' ? given.roster.message : message);
    checkRoster(bytes, { ...rosterContext, seen: new Map(seen), epochs: new Map(epochs) });
    return undefined;
  },
  open({ message, state }, world) {
    const { round, coordinator } = world;
    const member = state?.member ?? 1;
    const answered = state?.answered === undefined ? undefined : fromHexText(state.answered);
    const request = readOpen(round, coordinator.publicKey, fromHexText(message), answered);
    const answer = answerOpen(round, member, world.pairKeys(member), request);
    if ('answer' in answer) return undefined;
    return { complaints: answer.complaints.map((bytes) => Complaint.decode(bytes).contributor) };
  },
};
