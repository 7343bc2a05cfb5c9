/**
 * A shelf of profiles: a folder of YAML files that one schema checks. A profile is named as on the shelf, or by its path.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument } from 'yaml';
import type * as z from 'zod';
import { HardwareError } from '../errors.ts';
import { inherited } from './inherit.ts';

export interface Shelf<Profile> {
  /** Of the profiles that come with the project. */
  readonly names: () => string[];
  /**
   * @param profile a name of the shelf; or a path: anything with a `/` in it or .yaml at its end
   * @throws {HardwareError} PROFILE_UNKNOWN, PROFILE_INVALID
   */
  readonly load: (profile: string) => Profile;
  /**
   * @param profile how errors name it
   * @param folder where it lies: it may be like others beside it
   * @throws {HardwareError} PROFILE_INVALID, PROFILE_UNKNOWN
   */
  readonly parse: (text: string, profile: string, folder?: string) => Profile;
}

const ending = '.yaml';

/** @param folder beside the code that opens it, also in a build */
export function openShelf<Profile>(folder: URL, schema: z.ZodType<Profile>): Shelf<Profile> {
  const shelf = fileURLToPath(folder);
  const names = () =>
    readdirSync(shelf)
      .filter((file) => file.endsWith(ending))
      .map((file) => basename(file, ending))
      .sort();
  const unknown = (profile: string, cause?: unknown) =>
    new HardwareError('PROFILE_UNKNOWN', { profile, profiles: names().join(', ') }, { cause });
  const pathOf = (profile: string) => {
    if (isPath(profile)) return profile;
    if (!names().includes(profile)) throw unknown(profile);
    return join(shelf, profile + ending);
  };
  const textOf = (path: string, profile: string) => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      throw unknown(profile, error);
    }
  };
  const parse = (text: string, profile: string, beside = '.') => {
    const load = (name: string) => yamlOf(textOf(isPath(name) ? resolve(beside, name) : pathOf(name), name), name);
    return checked(schema, joined(text, profile, load), profile);
  };
  const loadNew = (profile: string) => {
    const path = pathOf(profile);
    return parse(textOf(path, profile), profile, dirname(path));
  };
  // Those of the shelf stay as they are, and one serves all devices of a kind.
  const loaded = new Map<string, Profile>();
  const loadOnce = (profile: string) => {
    const found = loaded.get(profile) ?? loadNew(profile);
    loaded.set(profile, found);
    return found;
  };
  return { names, parse, load: (profile) => (isPath(profile) ? loadNew(profile) : loadOnce(profile)) };
}

function isPath(profile: string): boolean {
  return profile.includes('/') || profile.endsWith(ending);
}

/** With what it shares with others, and says once of all its registers. */
function joined(text: string, profile: string, load: (name: string) => unknown): unknown {
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

function checked<Profile>(schema: z.ZodType<Profile>, raw: unknown, profile: string): Profile {
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  const why = result.error.issues.map(({ path, message }) => `${pathText(path)}: ${message}`).join('; ');
  throw new HardwareError('PROFILE_INVALID', { profile, why });
}

function pathText(path: readonly PropertyKey[]): string {
  const text = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return text.replace(/^\./, '') || 'the file';
}
