/**
 * Runs the end of a round in messages.json: set, open requests, answers, the opened sum, the signed result.
 */
import { answerOpen, makeOpen, readAnswer, readOpen } from '../../broker/protocol/answer.ts';
import { makeSet } from '../../broker/protocol/contributor-set.ts';
import { correctable } from '../../broker/protocol/correction.ts';
import { toHex } from '../../broker/protocol/hex.ts';
import { Result } from '../../broker/protocol/json-messages.ts';
import { Answer, Complaint } from '../../broker/protocol/messages.ts';
import { type Opened, openSums } from '../../broker/protocol/opening.ts';
import { readReport } from '../../broker/protocol/report.ts';
import { openedResult } from '../../broker/protocol/result.ts';
import { canonicalJson, readSignedJson, signJson } from '../../broker/protocol/signed-json.ts';
import { statisticsOf } from '../../broker/protocol/statistics.ts';
import { fromHexText, wholes } from './format.ts';
import type { Tally } from './tally.ts';
import type { World } from './world.ts';

export function runOpening(world: World, name: string, tally: Tally): void {
  const { given, round, set, coordinator } = world;
  const reports = given.reports
    .filter(({ index }) => set.contributors.includes(index))
    .map((report) => ({ index: report.index, ...readReport(round, world.report(report)) }));
  tally.check('set', name, () => {
    const made = makeSet(coordinator, round, [...reports].reverse());
    return toHex(made.signed) === given.set.message && toHex(made.hash) === given.set.set_hash;
  });
  tally.check('complaint', name, () => {
    const { contributor } = Complaint.decode(fromHexText(given.complaint));
    return toHex(Complaint.encode({ round: round.hash, set: set.hash, contributor })) === given.complaint;
  });
  const openOf = (member: number) =>
    makeOpen(
      set,
      reports.map(({ shares }) => shares[member - 1] ?? new Uint8Array()),
    );
  for (const { member, message } of given.opens) {
    tally.check('opens', `${name}, member ${member}`, () => toHex(openOf(member)) === message);
  }
  for (const answer of given.answers) {
    tally.check('answers', `${name}, member ${answer.member}`, () => {
      const read = readOpen(round, coordinator.publicKey, openOf(answer.member));
      const made = answerOpen(round, answer.member, world.pairKeys(answer.member), read);
      if (!('answer' in made)) return false;
      // Some are wrong on purpose: they are sent all the same.
      const honest = toHex(readAnswer(round, set.hash, made.answer)) === answer.sums;
      const sent = Answer.encode({ round: round.hash, set: set.hash, sums: fromHexText(answer.sums) });
      readAnswer(round, set.hash, sent);
      return (
        honest !== given.opened.inconsistent.includes(answer.member) && (answer.message ?? toHex(sent)) === toHex(sent)
      );
    });
  }
  runResult(world, name, tally);
}

function runResult(world: World, name: string, tally: Tally): void {
  const { given, round } = world;
  const answers = new Map(given.answers.map(({ member, sums }) => [member, fromHexText(sums)] as const));
  const opened = openSums(round.sharing, round.length, answers);
  tally.check('opened', name, () => {
    if ('offPolynomial' in opened) return false;
    const padding = Array<bigint>(opened.integers.length - round.length).fill(0n);
    return (
      String(opened.integers) === String([...wholes(given.opened.integers), ...padding]) &&
      String(opened.inconsistent) === String(given.opened.inconsistent) &&
      correctable(round.sharing, answers.size) === given.opened.tau
    );
  });
  if ('offPolynomial' in opened) return;
  tally.check('result', name, () => matchesResult(world, answers.size, opened));
}

function matchesResult({ given, round, set, coordinator }: World, answers: number, opened: Opened): boolean {
  const statistics = statisticsOf(round.announce, set.contributors.length, opened.integers);
  if (statistics === undefined) return false;
  const result = openedResult(round, set, { ...opened, answers }, statistics);
  const signed = signJson(coordinator, result);
  const read = readSignedJson(Result, 'result', coordinator.publicKey, signed, 'the coordinator');
  return canonicalJson(result) === given.result.canonical && read.signature === given.result.signature;
}
