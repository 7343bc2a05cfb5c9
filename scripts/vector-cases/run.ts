/**
 * Runs one file of vectors, whichever of the two formats it has.
 */
import { readFileSync } from 'node:fs';
import { runBad } from './bad-cases.ts';
import { type MessagesFile, parseVectors, type RoundCase, type SharingFile } from './format.ts';
import { runOpening } from './opening-cases.ts';
import { runReports } from './report-cases.ts';
import { runRoster } from './roster-cases.ts';
import { runSharing } from './sharing-cases.ts';
import { runSingles } from './single-cases.ts';
import { Tally } from './tally.ts';
import { type World, worldOf } from './world.ts';

const knownSections = ['version', 'rounds', 'vector', 'plausibility', 'signed_json', 'low_order_keys', 'bad'];

/** @returns what passed and what did not; a file that cannot be read is a failure like any other */
export function runFile(path: string): Tally {
  const tally = new Tally();
  let file: object | undefined;
  try {
    file = parseVectors(readFileSync(path, 'utf8')) as object;
    if (typeof file !== 'object' || file === null) throw new TypeError('no JSON object');
  } catch (error) {
    tally.check('file', path, () => {
      throw error;
    });
    return tally;
  }
  // A part of the file in which something is missing fails as a whole, and the others are run all the same.
  if ('cases' in file) whole(tally, 'packed-sharing', () => runSharing(file as SharingFile, tally));
  else whole(tally, 'messages', () => runMessages(file as MessagesFile, tally));
  return tally;
}

function runMessages(file: MessagesFile, tally: Tally): void {
  const unknown = Object.keys(file).filter((section) => !knownSections.includes(section));
  for (const section of unknown) tally.check(section, 'section', () => false);
  if (file.version !== undefined) tally.check('version', 'protocol version', () => file.version === 1);
  const worlds = (file.rounds ?? []).map((given) => runRound(given, tally));
  whole(tally, 'singles', () => runSingles(file, tally));
  runBad(file.bad ?? [], worlds[0], tally);
}

function runRound(given: RoundCase, tally: Tally): World | undefined {
  let world: World | undefined;
  tally.check('rounds', `${given.name}, as its members read it`, () => {
    world = worldOf(given);
    return true;
  });
  const read = world;
  if (read === undefined) return undefined;
  for (const run of [runRoster, runReports, runOpening]) {
    whole(tally, 'rounds', () => run(read, given.name, tally));
  }
  return read;
}

/** Counts only what stops a whole part. */
function whole(tally: Tally, section: string, run: () => void): void {
  try {
    run();
  } catch (error) {
    tally.check(section, 'cannot be run', () => {
      throw error;
    });
  }
}
