/**
 * The process whose power is cut: stores step after step, and writes into a file of its own which are acknowledged.
 * Usage: writer.ts DATABASE ACKNOWLEDGED STEPS SYNCHRONOUS
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { checkAnnounce, makeAnnounce } from '../../../../broker/protocol/round.ts';
import { makeCohort } from '../../../broker/protocol/made-cohort.ts';
import { kindOf, roundIdOf, Stores, write } from './steps.ts';

const [path = '', acknowledged = '', steps = '', synchronous = ''] = process.argv.slice(2);
/** It is started so often in all, each time on what the one before left. */
const starts = 3;

const made = makeCohort(4);
const roundOf = (step: number) =>
  checkAnnounce(makeAnnounce(made.coordinator, { ...made.announceFields, id: roundIdOf(step) }), made.announceContext);
let condensed = 0;
const ledger = openSync(acknowledged, 'w');
for (let start = 0; start < starts; start++) {
  const stores = new Stores(path);
  // Those of the agent are far apart; here several are wanted in a short record.
  stores.database.pragma('wal_autocheckpoint = 60');
  if (synchronous !== 'as it opens') stores.database.pragma(`synchronous = ${synchronous}`);
  stores.rounds.keepRoster(made.roster, made.signedRoster, 1, made.announceContext.now);
  const share = Math.ceil(Number(steps) / starts);
  for (let step = start * share; step < Math.min(Number(steps), (start + 1) * share); step++) {
    const round = kindOf(step) === 'report' ? roundOf(step) : undefined;
    write(stores, step, () => round ?? roundOf(step));
    writeSync(ledger, `${step}\n`);
    // As the agent does by itself meanwhile.
    while (step % 10 === 9 && stores.tiers.condense()) condensed += 1;
  }
  stores.database.close();
}
closeSync(ledger);
if (condensed === 0) throw new Error('expected an hour to be condensed');
