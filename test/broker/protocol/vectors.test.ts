/**
 * The vectors that any implementation of version 1 can be checked by.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outcomeOf } from '../../../scripts/vector-cases/bad-cases.ts';
import { type MessagesFile, parseVectors, type RoundCase } from '../../../scripts/vector-cases/format.ts';
import { runFile } from '../../../scripts/vector-cases/run.ts';
import { worldOf } from '../../../scripts/vector-cases/world.ts';
import { ends } from '../../ends.ts';

const messagesPath = 'test/vectors/messages.json';
const messages = parseVectors(readFileSync(messagesPath, 'utf8')) as MessagesFile;

/** The reasons of the vectors beside the ones told here; bytes that are no message at all are told apart by neither. */
const ours: Readonly<Record<string, readonly string[]>> = {
  'not-shortest': ['not-canonical'],
  float: ['not-canonical'],
  tag: ['not-canonical'],
  indefinite: ['not-canonical'],
  'key-order': ['not-canonical'],
  truncated: ['not-canonical'],
  trailing: ['not-canonical'],
  'key-type': ['not-canonical'],
  'duplicate-key': ['not-canonical', 'canonical-json'],
  null: ['schema'],
  'utf-8': ['schema'],
  version: ['schema'],
  type: ['schema', 'type'],
  'unknown-key': ['schema'],
  'missing-key': ['schema'],
};

describe('vectors', () => {
  it('makes every byte of packed-sharing.json', () => {
    const tally = runFile('test/vectors/packed-sharing.json');
    expect(tally.failed).toEqual([]);
    expect(tally.passed).toBe(21);
  });

  it('makes every byte of messages.json, corrects its wrong answers and refuses what is bad', () => {
    const tally = runFile(messagesPath);
    expect(tally.failed).toEqual([]);
    expect(tally.passed).toBe(353);
  });

  const world = worldOf((messages.rounds as readonly RoundCase[])[0] as RoundCase);
  it.each((messages.bad ?? []).map((one) => [one.name, one] as const))('%s is refused for what is wrong', (_, one) => {
    const outcome = outcomeOf(one, world);
    if (one.reason === 'complaint') expect(outcome).toEqual({ complaints: [one.state?.contributor] });
    else if (!('refused' in outcome)) expect.fail('it was taken');
    else expect(ours[one.reason] ?? [one.reason]).toContain(outcome.refused.reason);
  });
});

describe('scripts/vectors', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'wattveil-vectors-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const write = (file: object) => {
    const path = join(folder, 'changed.json');
    writeFileSync(path, JSON.stringify(file));
    return path;
  };
  const run = (...files: string[]) => spawnSync('scripts/vectors', files, { ...ends, encoding: 'utf8' });

  it('says how many cases passed and exits with 0', () => {
    const { status, stdout } = run('test/vectors/packed-sharing.json', messagesPath);
    expect(stdout).toContain('374 passed, 0 failed');
    expect(status).toBe(0);
  });

  it('exits with 1 for any mismatch, and for a file with nothing in it', () => {
    expect(run(write({ low_order_keys: [`09${'00'.repeat(31)}`] })).status).toBe(1);
    expect(run(write({})).status).toBe(1);
  });

  const report = (round: RoundCase) => ({ ...first(round.reports), salt: '00'.repeat(16) });
  const answer = (round: RoundCase) => ({ ...first(round.answers), sums: '00'.repeat(32) });
  const announce = first(messages.rounds ?? []).announce.message;
  const changes: readonly [string, object][] = [
    ['a changed report', inFirstRound((round) => ({ ...round, reports: [report(round)] }))],
    ['a changed answer', inFirstRound((round) => ({ ...round, answers: [answer(round)] }))],
    ['a changed sum', inFirstRound((round) => ({ ...round, opened: { ...round.opened, integers: [0, 0, 0, 0] } }))],
    [
      'a changed result',
      inFirstRound((round) => ({ ...round, result: { ...round.result, signature: 'A'.repeat(86) } })),
    ],
    ['a changed key', inFirstRound((round) => ({ ...round, pair_keys: [{ i: 1, j: 2, key: '00'.repeat(32) }] }))],
    [
      'a field that the message has not',
      inFirstRound((round) => ({
        ...round,
        set: { ...round.set, fields: { ...round.set.fields, contributors: '0f' } },
      })),
    ],
    ['a changed roster', inFirstRound((round) => ({ ...round, roster: { ...round.roster, message: '00' } }))],
    ['a part missing', inFirstRound((round) => ({ ...round, pair_keys: undefined }) as unknown as RoundCase)],
    ['a good message among the bad', { ...messages, bad: [{ name: 'good', type: 'announce', message: announce }] }],
    ['an unknown kind of message', { ...messages, bad: [{ name: 'new', type: 'telegram', message: '' }] }],
    ['an unknown section', { ...messages, more: [] }],
  ];
  it.each(changes)('fails for %s', (_, file) => {
    expect(runFile(write(file)).failed).not.toEqual([]);
  });
});

function inFirstRound(change: (round: RoundCase) => RoundCase): MessagesFile {
  return { ...messages, rounds: (messages.rounds ?? []).map((round, at) => (at === 0 ? change(round) : round)) };
}

function first<T>(list: readonly T[]): T {
  const [item] = list;
  if (item === undefined) throw new RangeError('an empty list');
  return item;
}
