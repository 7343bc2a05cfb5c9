/**
 * Finds a device profile, by the name of a shipped one or by the path of a file, and checks it.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument } from 'yaml';
import { HardwareError } from '../errors.ts';
import { inherited } from './inherit.ts';
import { type ModbusProfile, Profile } from './profile.ts';

const ending = '.yaml';
/** The shipped ones lie beside this file, also in a build. */
const shelf = fileURLToPath(new URL('.', import.meta.url));

/** Names of the profiles that come with the project. */
export function shippedProfiles(): string[] {
  return readdirSync(shelf)
    .filter((file) => file.endsWith(ending))
    .map((file) => basename(file, ending))
    .sort();
}

/**
 * @param profile a shipped name; or a path: anything with a `/` in it or .yaml at its end
 * @throws {HardwareError} PROFILE_UNKNOWN, PROFILE_INVALID
 */
export function loadProfile(profile: string): Profile {
  const path = pathOf(profile);
  return parseProfile(textOf(path, profile), profile, dirname(path));
}

/** @throws {HardwareError} as `loadProfile`; PROFILE_INVALID, too, for a meter that sends telegrams */
export function loadModbusProfile(profile: string): ModbusProfile {
  const loaded = loadProfile(profile);
  if (loaded.protocol === 'modbus') return loaded;
  throw new HardwareError('PROFILE_INVALID', { profile, why: `it is of ${loaded.protocol}, where Modbus is needed` });
}

/**
 * @param profile how errors name it
 * @param folder where it lies: it may be like others beside it
 * @throws {HardwareError} PROFILE_INVALID, PROFILE_UNKNOWN
 */
export function parseProfile(text: string, profile: string, folder = '.'): Profile {
  const result = Profile.safeParse(rawProfile(text, profile, folder));
  if (result.success) return result.data;
  const why = result.error.issues.map(({ path, message }) => `${pathText(path)}: ${message}`).join('; ');
  throw new HardwareError('PROFILE_INVALID', { profile, why });
}

function rawProfile(text: string, profile: string, folder: string): unknown {
  const load = (name: string) => {
    const path = isPath(name) ? resolve(folder, name) : pathOf(name);
    return yamlOf(textOf(path, name), name);
  };
  try {
    return inherited(yamlOf(text, profile), load);
  } catch (error) {
    if (error instanceof HardwareError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new HardwareError('PROFILE_INVALID', { profile, why }, { cause: error });
  }
}

function yamlOf(text: string, profile: string): unknown {
  const document = parseDocument(text);
  const [mistake] = document.errors;
  if (mistake) throw new HardwareError('PROFILE_INVALID', { profile, why: mistake.message.trim() }, { cause: mistake });
  return document.toJS();
}

function pathOf(profile: string): string {
  if (isPath(profile)) return profile;
  if (!shippedProfiles().includes(profile)) throw unknown(profile);
  return join(shelf, profile + ending);
}

function isPath(profile: string): boolean {
  return profile.includes('/') || profile.endsWith(ending);
}

function textOf(path: string, profile: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw unknown(profile, error);
  }
}

function unknown(profile: string, cause?: unknown): HardwareError {
  return new HardwareError('PROFILE_UNKNOWN', { profile, profiles: shippedProfiles().join(', ') }, { cause });
}

function pathText(path: readonly PropertyKey[]): string {
  const text = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return text.replace(/^\./, '') || 'the file';
}
