/**
 * What the household reads of its home: from the database alone, so also while the agent does not run.
 */
import type { EpochMs } from '../broker/protocol/clock.ts';
import type { Database } from './store/database.ts';
import { HomeStore } from './store/home-store.ts';
import { Ledger, type LedgerEntry } from './store/ledger.ts';
import { checkLedger, type LedgerCheck } from './store/ledger-records.ts';
import { type ShownTariff, shownTariff } from './tariff.ts';

/** Newest first. */
export function readLedger(database: Database): LedgerEntry[] {
  return new Ledger(database).entries();
}

/** Whether what is stored bears the ledger out. */
export function readLedgerCheck(database: Database): LedgerCheck {
  return checkLedger(database, new HomeStore(database).enrolment());
}

/** The newest tariff taken; undefined where none was. */
export function readShownTariff(database: Database, now: EpochMs): ShownTariff | undefined {
  const store = new HomeStore(database);
  const enrolment = store.enrolment();
  const stored = enrolment === undefined ? undefined : store.tariff(enrolment.cohort);
  return stored === undefined ? undefined : shownTariff(stored, now);
}
