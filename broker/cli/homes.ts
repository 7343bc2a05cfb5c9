/**
 * `wattveil homes …`, `roster publish`, `search`: who takes part, and what there is to sum.
 */
import type { Command } from 'commander';
import type { HomeRow } from '../protocol/operator.ts';
import type { Outcome } from '../sdk/operator-link.ts';
import { atBroker, type BrokerOptions, brokerOptions } from './at-broker.ts';
import { instant, plain, table } from './print.ts';

export function homesCommands(program: Command): void {
  const homes = program.command('homes').description('homes that ask to be enrolled, and those that are');
  listCommand(homes);
  approveCommand(homes);
  removeCommand(homes);
}

function listCommand(homes: Command): void {
  brokerOptions(homes.command('list').description('list them: those that ask first'))
    .option('--cohort <cohort>', 'only those of one cohort')
    .addHelpText('after', '\nExample:\n  wattveil homes list --cohort feeder-7')
    .action((options: BrokerOptions & { cohort?: string }) => {
      const cohort = options.cohort === undefined ? {} : { cohort: options.cohort };
      return atBroker(
        options,
        (link) => link.request({ type: 'homes', ...cohort }),
        ({ homes: rows }) => homesTable(rows),
      );
    });
}

function approveCommand(homes: Command): void {
  brokerOptions(homes.command('approve <home>').description('say that the key that asks is this home’s'))
    .requiredOption('--cohort <cohort>', 'the homes it will be summed with; it stays there')
    .option('--fingerprint <hex>', 'which key, where several ask; needed to replace the key of an approved home')
    .addHelpText(
      'after',
      `
Compare the fingerprint first (wattveil homes list) with what the household reads off its own agent.

Example:
  wattveil homes approve bob --cohort feeder-7`,
    )
    .action((home: string, options: BrokerOptions & { cohort: string; fingerprint?: string }) => {
      const { cohort, fingerprint } = options;
      const ask = { type: 'approve' as const, home, cohort, ...(fingerprint !== undefined && { fingerprint }) };
      return atBroker(options, (link) => link.request(ask), approved);
    });
}

function removeCommand(homes: Command): void {
  brokerOptions(homes.command('remove <home>').description('take a home out of its cohort, or refuse one that asks'))
    .addHelpText(
      'after',
      `
It is in no roster from the next round on; rounds that run already go on with it. To come back, it has to ask anew. A
home whose gateway is replaced stays: approve the new key by its fingerprint (wattveil homes approve --help).

Example:
  wattveil homes remove bob`,
    )
    .action((home: string, options: BrokerOptions) =>
      atBroker(
        options,
        (link) => link.request({ type: 'home-remove', home }),
        ({ home: removed, cohort }) =>
          cohort === undefined ? `${removed} asks no more.` : `${removed} is no longer in ${cohort}.`,
      ),
    );
}

export function rosterCommands(program: Command): void {
  const roster = program.command('roster').description('which homes are summed together');
  brokerOptions(roster.command('publish <cohort>').description('publish the list of a cohort’s homes, as a new epoch'))
    .addHelpText(
      'after',
      `
Takes in every approved home whose agreement key has come. Needed once, before the first round: later, each round that is
opened begins with a new epoch where homes have come, left or changed their keys.

Example:
  wattveil roster publish feeder-7`,
    )
    .action((cohort: string, options: BrokerOptions) =>
      atBroker(options, (link) => link.request({ type: 'roster', cohort }), published),
    );
}

export function searchCommand(program: Command): void {
  brokerOptions(program.command('search <tag...>').description('find published tensors that have all the tags'))
    .option('--cohort <cohort>', 'only in one cohort')
    .addHelpText(
      'after',
      `
Shows what the homes have, never its values. Quote the tags: # begins a comment in most shells.

Example:
  wattveil search '#energy-consumption' '#fridge'`,
    )
    .action((tags: string[], options: BrokerOptions & { cohort?: string }) => {
      const cohort = options.cohort === undefined ? {} : { cohort: options.cohort };
      return atBroker(options, (link) => link.request({ type: 'search', tags, ...cohort }), found);
    });
}

function homesTable(rows: readonly HomeRow[]): string {
  if (rows.length === 0) return 'No home has asked to be enrolled.';
  const anyKeptOut = rows.some(({ keptOut }) => keptOut !== undefined);
  return table(
    ['home', 'state', 'cohort', 'online', 'ready', 'fingerprint', 'claim', ...(anyKeptOut ? ['kept out'] : [])],
    rows.map((row) => [
      row.home,
      row.state,
      row.cohort ?? '-',
      row.online ? 'yes' : 'no',
      row.ready ? 'yes' : 'no',
      row.fingerprint,
      row.claim,
      ...(anyKeptOut ? [row.keptOut ?? ''] : []),
    ]),
  );
}

function approved({ home: row }: Outcome<'approve'>): string {
  return `${row.home} is approved in ${row.cohort ?? '-'} (key ${row.fingerprint}).`;
}

function published({ cohort, epoch, hash, homes, leftOut }: Outcome<'roster'>): string {
  const lines = [`${cohort}, epoch ${epoch}: ${homes.length} homes (${homes.join(', ')}), roster ${hash}`];
  for (const { home, why } of leftOut) lines.push(`left out ${home}: ${plain(why)}`);
  return lines.join('\n');
}

function found({ matched, offline, homes }: Outcome<'search'>): string {
  const rows = homes.flatMap(({ home, cohort, online, tensors }) => {
    const where = [home, cohort, online ? 'yes' : 'no'];
    if (tensors.length === 0) return [[...where, '-', '', '', '', '', '']];
    return tensors.map((tensor) => [
      ...where,
      tensor.id,
      tensor.tags.join(' '),
      `${tensor.quantity} ${tensor.unit}`,
      `[${tensor.shape.join(', ')}]`,
      `${instant(tensor.from)} to ${instant(tensor.until)}`,
      tensor.description,
    ]);
  });
  const head = ['home', 'cohort', 'online', 'tensor', 'tags', 'holds', 'shape', 'from, to', 'description'];
  const summary = `matched ${matched}, offline ${offline}`;
  return rows.length === 0 ? `${summary}\nNo home is approved yet.` : `${summary}\n${table(head, rows)}`;
}
