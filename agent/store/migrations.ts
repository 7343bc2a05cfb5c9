/**
 * All tables of the agent, in the order in which they are made.
 */
import type { Migration } from './database.ts';
import { clockMigrations } from './migrations-clock.ts';
import { deviceMigrations } from './migrations-devices.ts';
import { enteredMigrations } from './migrations-entered.ts';
import { familyMigrations } from './migrations-families.ts';
import { forgottenMigrations } from './migrations-forgotten.ts';
import { keyMigrations } from './migrations-keys.ts';
import { readingMigrations } from './migrations-readings.ts';
import { roundMigrations } from './migrations-rounds.ts';
import { setMigrations } from './migrations-sets.ts';
import { tierMigrations } from './migrations-tiers.ts';

export const migrations: readonly Migration[] = [
  ...readingMigrations,
  ...roundMigrations,
  ...deviceMigrations,
  ...keyMigrations,
  ...clockMigrations,
  ...setMigrations,
  ...tierMigrations,
  ...forgottenMigrations,
  ...enteredMigrations,
  ...familyMigrations,
];
