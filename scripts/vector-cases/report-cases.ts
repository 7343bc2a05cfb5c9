/**
 * Runs the reports of a round in messages.json: pair keys, vectors, shares, seals.
 */
import { createHash } from 'node:crypto';
import { toHex } from '../../broker/protocol/hex.ts';
import { readDecline, readReport } from '../../broker/protocol/report.ts';
import { Sealing, sealInfo, sealKey } from '../../broker/protocol/sealing.ts';
import { shareVector } from '../../broker/protocol/sharing.ts';
import { encodeVector } from '../../broker/protocol/vector.ts';
import { derive, fromHexText, type ReportCase, wholes } from './format.ts';
import type { Tally } from './tally.ts';
import type { World } from './world.ts';

export function runReports(world: World, name: string, tally: Tally): void {
  const { given, round } = world;
  for (const { i, j, key } of given.pair_keys) {
    tally.check('pair_keys', `${name}, ${i} and ${j}`, () => {
      return (
        toHex(world.pairKeys(i)[j - 1] ?? new Uint8Array()) === key &&
        toHex(world.pairKeys(j)[i - 1] ?? new Uint8Array()) === key
      );
    });
  }
  for (const report of given.reports) runReport(world, report, `${name}, home ${report.index}`, tally);
  tally.check('decline', name, () => {
    readDecline(round, fromHexText(given.decline));
    return true;
  });
}

function runReport(world: World, report: ReportCase, name: string, tally: Tally): void {
  const { given, round } = world;
  const { index, message, shares, seal } = report;
  tally.check('vectors', name, () => String(encodeVector(round.announce, report.values)) === String(report.vector));
  tally.check('salts', name, () => toHex(derive(given.seed, 'salt', index).subarray(0, 16)) === report.salt);
  tally.check('reports', name, () => {
    const made = world.report(report);
    const hash = createHash('sha256').update(made).digest('hex');
    readReport(round, made);
    return hash === report.sha256 && (message === undefined || toHex(made) === message);
  });
  if (shares !== undefined) {
    tally.check('shares', name, () => {
      const made = shareVector(round.sharing, wholes(report.vector), world.residues(index));
      return made.map(toHex).join() === shares.join();
    });
  }
  if (seal !== undefined) runSeal(world, report, seal, name, tally);
}

function runSeal(
  world: World,
  report: ReportCase,
  seal: NonNullable<ReportCase['seal']>,
  name: string,
  tally: Tally,
): void {
  const context = { rosterHash: world.roster.hash, roundHash: world.round.hash };
  const pairKey = world.pairKeys(report.index)[seal.to - 1] ?? new Uint8Array();
  const parties = { from: report.index, to: seal.to, pairKey, salt: fromHexText(report.salt) };
  tally.check('seals', `${name}, key and nonce`, () => {
    const { key, nonce } = sealKey(context, parties);
    return (
      toHex(pairKey) === seal.shared_key &&
      toHex(sealInfo(context, parties.from, parties.to)) === seal.info &&
      toHex(key) === seal.key &&
      toHex(nonce) === seal.nonce
    );
  });
  tally.check('seals', `${name}, sealed and opened`, () => {
    const sealing = new Sealing(context);
    const sealed = new Uint8Array(fromHexText(seal.sealed).length);
    sealing.seal(parties, fromHexText(seal.plain), sealed, 0);
    // The receiver has the same key from its own private key.
    const received = { ...parties, pairKey: world.pairKeys(seal.to)[report.index - 1] ?? new Uint8Array() };
    const opened = sealing.open(received, sealed);
    return toHex(sealed) === seal.sealed && opened !== undefined && toHex(opened) === seal.plain;
  });
}
