/**
 * Finds a relay board's profile, by the name of a shipped one or by the path of a file, and checks it.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument } from 'yaml';
import { HardwareError } from '../errors.ts';
import { RelayProfile } from './relay-profile.ts';

const ending = '.yaml';
/** The shipped ones lie beside this file, also in a build. */
const shelf = fileURLToPath(new URL('./profiles/', import.meta.url));

/** Names of the relay boards that come with the project. */
export function shippedRelays(): string[] {
  return readdirSync(shelf)
    .filter((file) => file.endsWith(ending))
    .map((file) => basename(file, ending))
    .sort();
}

/**
 * @param profile a shipped name; or a path: anything with a `/` in it or .yaml at its end
 * @throws {HardwareError} PROFILE_UNKNOWN, PROFILE_INVALID
 */
export function loadRelay(profile: string): RelayProfile {
  const isPath = profile.includes('/') || profile.endsWith(ending);
  if (!isPath && !shippedRelays().includes(profile)) throw unknown(profile);
  const document = parseDocument(textOf(isPath ? profile : join(shelf, profile + ending), profile));
  const [mistake] = document.errors;
  if (mistake) throw new HardwareError('PROFILE_INVALID', { profile, why: mistake.message.trim() }, { cause: mistake });
  const result = RelayProfile.safeParse(document.toJS());
  if (result.success) return result.data;
  const why = result.error.issues.map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`).join('; ');
  throw new HardwareError('PROFILE_INVALID', { profile, why });
}

function textOf(path: string, profile: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw unknown(profile, error);
  }
}

function unknown(profile: string, cause?: unknown): HardwareError {
  return new HardwareError('PROFILE_UNKNOWN', { profile, profiles: shippedRelays().join(', ') }, { cause });
}
