/**
 * Puts the device profiles beside the compiled loader, after a build.
 */

import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';

const isProfile = (name) => name.endsWith('.yaml');

for (const folder of ['profiles', 'switching/profiles']) {
  const from = new URL(`../hardware/${folder}/`, import.meta.url);
  const to = new URL(`../dist/hardware/${folder}/`, import.meta.url);
  mkdirSync(to, { recursive: true });
  // One that was renamed or taken away must not stay in the build.
  for (const name of readdirSync(to).filter(isProfile)) rmSync(new URL(name, to));
  for (const name of readdirSync(from).filter(isProfile)) cpSync(new URL(name, from), new URL(name, to));
}
