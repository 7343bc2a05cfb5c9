/**
 * Runs the sections of messages.json that need no round: vectors, plausibility, signed JSON, keys of low order.
 */
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { assertAgreementKey } from '../../broker/protocol/agreement.ts';
import { ProtocolError } from '../../broker/protocol/errors.ts';
import { canonicalJson, readSignedJson, signJson } from '../../broker/protocol/signed-json.ts';
import { type SigningKey, signingKeyFromSeed } from '../../broker/protocol/signing.ts';
import { statisticsOf } from '../../broker/protocol/statistics.ts';
import { encodeVector } from '../../broker/protocol/vector.ts';
import { fromHexText, type MessagesFile, type SignedJsonCase, wholes } from './format.ts';
import type { Tally } from './tally.ts';

export function runSingles(file: MessagesFile, tally: Tally): void {
  for (const [at, one] of (file.vector ?? []).entries()) {
    tally.check(
      'vector',
      `case ${at + 1}`,
      () => String(encodeVector(one.announce, one.values)) === String(one.vector),
    );
  }
  for (const one of file.plausibility ?? []) {
    tally.check('plausibility', one.name, () => {
      const statistics = statisticsOf(one.announce, one.contributors, wholes(one.integers));
      // Through JSON: numbers as a result would show them.
      const shown = statistics === undefined ? null : JSON.parse(JSON.stringify(statistics));
      return isDeepStrictEqual(shown, one.statistics);
    });
  }
  for (const key of file.low_order_keys ?? []) {
    tally.check('low_order_keys', key, () => refuses(() => assertAgreementKey(fromHexText(key), 'a home')));
  }
  const first = file.rounds?.[0];
  const signed = file.signed_json;
  if (signed === undefined) return;
  tally.check('signed_json', 'canonical form', () => canonicalJson(signed.object) === signed.canonical);
  tally.check('signed_json', 'signature', () => {
    if (first === undefined) throw new RangeError('the file has no round whose coordinator could have signed');
    return signsTheSame(signed, signingKeyFromSeed(fromHexText(first.coordinator.seed)));
  });
}

function signsTheSame(given: SignedJsonCase, coordinator: SigningKey): boolean {
  const text = signJson(coordinator, given.object);
  const schema = z.looseObject({ signature: z.string() });
  const { signature } = readSignedJson(schema, given.object.type, coordinator.publicKey, text, 'the coordinator');
  return signature === given.signature;
}

function refuses(work: () => void): boolean {
  try {
    work();
  } catch (error) {
    return error instanceof ProtocolError;
  }
  return false;
}
