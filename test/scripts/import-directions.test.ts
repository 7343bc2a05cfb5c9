/** The check that keeps the import directions, tried: a wrong import is planted for each rule. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ends } from '../ends.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = join(root, 'node_modules', '.bin');

/** Plants one file per row in a checkout of nothing else. @returns what the linters say of each file */
function lintAll(rows: readonly { file: string; text: string }[]): Map<string, string> {
  const place = mkdtempSync(join(tmpdir(), 'wattveil-imports-'));
  try {
    for (const file of ['biome.json', '.oxlintrc.json', '.gitignore', 'package.json']) {
      cpSync(join(root, file), join(place, file));
    }
    symlinkSync(join(root, 'node_modules'), join(place, 'node_modules'));
    spawnSync('git', ['init', '-q'], { ...ends, cwd: place });
    for (const { file, text } of rows) {
      mkdirSync(dirname(join(place, file)), { recursive: true });
      writeFileSync(join(place, file), `${text}\n`);
    }
    const lint = (command: string, ...words: string[]) =>
      spawnSync(join(bin, command), words, { ...ends, cwd: place, encoding: 'utf8' }).stdout.split('\n');
    const says = [
      ...lint('biome', 'lint', '--reporter=github', '--max-diagnostics=none'),
      ...lint('oxlint', '--format=unix'),
    ];
    return new Map(rows.map(({ file }) => [file, says.filter((line) => line.includes(file)).join('\n')]));
  } finally {
    rmSync(place, { recursive: true });
  }
}

const wrong = [
  ['hardware takes from the agent', 'hardware/modbus/planted.ts', '../../agent/config.ts'],
  ['hardware takes from the protocol', 'hardware/planted.ts', '../broker/protocol/clock.ts'],
  ['hardware takes from scripts', 'hardware/planted-2.ts', '../scripts/version.ts'],
  [
    'the agent takes from the broker outside the protocol',
    'agent/rounds/planted.ts',
    '../../broker/rounds/coordinator.ts',
  ],
  ['the agent takes from the tests', 'agent/planted.ts', '../test/e2e/tap.ts'],
  ['the agent takes from its main', 'agent/rounds/planted.ts', '../main.ts'],
  ['the broker takes from the agent', 'broker/rounds/planted.ts', '../../agent/tensors/tensor.ts'],
  ['the broker takes from hardware', 'broker/planted.ts', '../hardware/meter.ts'],
  ['the broker takes from its main', 'broker/rounds/planted-2.ts', '../main.ts'],
  ['the protocol takes from the broker', 'broker/protocol/planted.ts', '../rounds/coordinator.ts'],
  ['the protocol takes from hardware', 'broker/protocol/planted-2.ts', '../../hardware/quantity.ts'],
  ['the protocol opens files', 'broker/protocol/planted-3.ts', 'node:fs'],
  ['the SDK takes from the store', 'broker/sdk/planted.ts', '../store/database.ts'],
  ['the SDK loads a database', 'broker/sdk/planted-2.ts', 'better-sqlite3'],
  ['scripts take from the tests', 'scripts/story/planted.ts', '../../test/e2e/tap.ts'],
  ['the command line of the agent takes from the broker', 'agent/cli.ts', '../broker/rounds/coordinator.ts'],
  ['the command line of the broker takes from the agent', 'broker/cli.ts', '../agent/config.ts'],
] as const;

const forms = [
  ['an import', (from: string) => `import { thing } from '${from}';\n\nexport const planted = thing;`],
  ['a type-only import', (from: string) => `import type { Thing } from '${from}';\n\nexport type Planted = Thing;`],
  ['a dynamic import', (from: string) => `export const planted = () => import('${from}');`],
  ['a re-export', (from: string) => `export { thing } from '${from}';`],
  ['an import() type', (from: string) => `export type Planted = import('${from}').Thing;`],
] as const;

const right = [
  ['hardware/modbus/planted.ts', '../meter.ts'],
  ['agent/rounds/planted.ts', '../../broker/protocol/clock.ts'],
  ['agent/polling/planted.ts', '../../hardware/meter.ts'],
  ['broker/rounds/planted.ts', '../protocol/clock.ts'],
  ['broker/protocol/planted.ts', './clock.ts'],
  ['broker/sdk/planted.ts', '../protocol/clock.ts'],
  ['scripts/planted.ts', '../agent/cli.ts'],
] as const;

const refusal = /noRestrictedImports|consistent-type-imports/;

describe.each(forms)('%s', (_, write) => {
  const says = lintAll(wrong.map(([, file, from]) => ({ file, text: write(from) })));

  it.each(wrong)('is refused where %s', (_, file) => {
    expect(says.get(file)).toMatch(refusal);
  });
});

describe('what the design allows', () => {
  const says = lintAll(right.map(([file, from]) => ({ file, text: forms[1][1](from) })));

  it.each(right)('lets %s take from %s', (file) => {
    expect(says.get(file)).not.toMatch(refusal);
  });
});

describe('a circle of imports', () => {
  const says = lintAll([
    { file: 'agent/one.ts', text: "import type { Two } from './two.ts';\n\nexport type One = Two;" },
    { file: 'agent/two.ts', text: "import type { Three } from './three.ts';\n\nexport type Two = Three;" },
    { file: 'agent/three.ts', text: "import type { One } from './one.ts';\n\nexport type Three = One;" },
    { file: 'agent/beside.ts', text: "import type { One } from './one.ts';\n\nexport type Beside = One;" },
  ]);

  it.each(['agent/one.ts', 'agent/two.ts', 'agent/three.ts'])('is refused at %s, types included', (file) => {
    expect(says.get(file)).toMatch(/no-cycle/);
  });

  it('is not seen in a file that only leads into it', () => {
    expect(says.get('agent/beside.ts')).not.toMatch(/no-cycle/);
  });
});
