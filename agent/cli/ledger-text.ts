/**
 * The ledger for people: one paragraph an entry.
 */
import { failureOf } from '../../broker/protocol/failures.ts';
import { formatDuration } from '../duration.ts';
import type { Asked, LedgerEntry, RestoreCause } from '../store/ledger.ts';
import type { Restore } from '../store/restores.ts';
import { amount, local, plain, shownUnit, zone } from './print.ts';

export function ledgerText(entries: readonly LedgerEntry[]): string {
  if (entries.length === 0) return 'Nothing has left the house, and nothing was refused.';
  return [...entries.map((entry) => linesOf(entry).map(plain).join('\n    ')), `(${zone()})`].join('\n');
}

function linesOf(entry: LedgerEntry): string[] {
  const at = local(entry.at);
  switch (entry.kind) {
    case 'released':
      return [
        `${at}  released  ${entry.tensors.join(' + ')}, sealed, into one sum: ${askedText(entry)}`,
        `round ${entry.round} of ${entry.cohort}, ${homesText(entry)}`,
        ...resultText(entry),
      ];
    case 'answered':
      return [
        `${at}  answered  helped to open the sum: ${askedText(entry)}`,
        `round ${entry.round} of ${entry.cohort}, ${homesText(entry)}`,
        ...resultText(entry),
      ];
    case 'restored':
      return [
        `${at}  restored  ${causes[entry.cause]}`,
        `which hours had been released is not known: all that began before ${local(entry.spentUntil)} count as released`,
      ];
    case 'refused':
      return [
        `${at}  refused   ${entry.code}: ${entry.says}`,
        ...(entry.round === undefined
          ? []
          : [`round ${entry.round}${entry.cohort === undefined ? '' : ` of ${entry.cohort}`}`]),
        ...(isAsked(entry) ? [`it asked for ${askedText(entry)}`] : []),
        `What to do: ${entry.remedy}`,
      ];
  }
}

const causes: Readonly<Record<RestoreCause, string>> = {
  backup: 'this home goes on from a backup',
  'database-copy': 'the database was damaged; this home goes on from the last good copy of it',
  'keys-differ': 'the database and the key files are not of one time: one of them is an older copy',
  'newer-known': 'the broker keeps something newer of this home than this home knows: its data is an older copy',
};

/** For a status, in one line. */
export function restoredText({ at, cause, spentUntil }: Restore): string {
  const until = spentUntil === undefined ? 'the time is trusted' : local(spentUntil);
  return `${local(at)}: ${causes[cause]}; nothing from before ${until} is released`;
}

function askedText({ query, grid }: Pick<Asked, 'query' | 'grid'>): string {
  const slots = `${grid.slots} × ${formatDuration(grid.step)} from ${local(grid.from)}`;
  return `${query.quantity} of ${query.tags.join(' ')}, ${slots}`;
}

function isAsked(entry: Partial<Asked>): entry is Asked {
  return entry.query !== undefined && entry.grid !== undefined;
}

function homesText(entry: Extract<LedgerEntry, { kind: 'released' | 'answered' }>): string {
  const { contributors, members, minimum, kind, included } = entry;
  if (contributors === undefined) return `${members} homes, at least ${minimum} of them in the sum`;
  const own = kind === 'released' && included === false ? ', this home’s report not among them' : '';
  return `${contributors} of ${members} homes in the sum${own} (at least ${minimum} were announced)`;
}

/** What came of it, as far as this home knows: what a utility says did not open may have been opened all the same. */
function resultText(entry: Extract<LedgerEntry, { kind: 'released' | 'answered' }>): string[] {
  const { result, otherSet } = entry;
  if (result === undefined) return ['no result has come yet'];
  if (result.state === 'failed') return [`it failed: ${failureOf(result.reason).says}`];
  const { unit } = result.query;
  const list = (values: readonly number[]) => values.map((value) => amount(value, unit)).join('  ');
  const { histogram, variance } = result;
  return [
    ...(otherSet ? ['the utility opened another sum of this round than the one that this home answered for:'] : []),
    `the utility learned the sum over ${result.contributors} homes; mean of a home: ${list(result.mean)} ${shownUnit(unit)}`,
    ...(variance === undefined ? [] : ['and the variance over these homes']),
    ...(histogram === undefined
      ? []
      : [`and how many of them lie in each of ${histogram.counts[0]?.length ?? 0} ranges`]),
  ];
}
