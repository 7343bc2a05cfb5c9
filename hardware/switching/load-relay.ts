/**
 * The shelf of relay boards' profiles.
 */

import { openShelf } from '../profiles/shelf.ts';
import { RelayProfile } from './relay-profile.ts';

export const { names: shippedRelays, load: loadRelay } = openShelf(
  new URL('./profiles/', import.meta.url),
  RelayProfile,
);
