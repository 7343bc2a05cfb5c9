import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadBrokerConfig, parseBrokerConfig } from '../../broker/config.ts';
import type { BrokerError } from '../../broker/errors.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wattveil-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('broker.yaml', () => {
  test('needs a data folder only, taken from where the file is', () => {
    const path = join(folder, 'broker.yaml');
    writeFileSync(path, 'dataDir: ./utility\n');
    expect(loadBrokerConfig(path)).toEqual({
      dataDir: join(folder, 'utility'),
      listen: { host: '127.0.0.1', port: 1883, insecure: false },
      prefix: 'wattveil/v1',
      rounds: {
        minContributors: 15,
        reportWithin: 3_600_000,
        expireAfter: 86_400_000,
        grace: 10_000,
        keepResults: 30 * 86_400_000,
      },
    });
  });

  test('takes durations as people write them', () => {
    const { rounds } = parseBrokerConfig('{ dataDir: x, rounds: { grace: 250ms, reportWithin: 15m } }', 'broker.yaml');
    expect(rounds).toMatchObject({ grace: 250, reportWithin: 900_000 });
  });

  test.each([
    ['dataDri: x', 'CONFIG_KEY_UNKNOWN', 'no key dataDri; did you mean dataDir?'],
    ['{ dataDir: x, rounds: { grcae: 1s } }', 'CONFIG_KEY_UNKNOWN', 'no key rounds.grcae; did you mean grace?'],
    ['{ dataDir: x, listen: { prot: 1 } }', 'CONFIG_KEY_UNKNOWN', 'no key listen.prot; did you mean port?'],
    ['{ dataDir: x, listen: { zzz: 1 } }', 'CONFIG_KEY_UNKNOWN', 'no key listen.zzz'],
    ['', 'CONFIG_INVALID', 'dataDir is missing'],
    ['{ dataDir: x, listen: { port: 70000 } }', 'CONFIG_INVALID', 'listen.port'],
    ['{ dataDir: x, listen: { port: many } }', 'CONFIG_INVALID', 'listen.port'],
    ['{ dataDir: x, rounds: { grace: 10 } }', 'CONFIG_INVALID', 'rounds.grace'],
    ['{ dataDir: x, rounds: { grace: 10 seconds } }', 'CONFIG_INVALID', 'is not a duration like'],
    ['{ dataDir: x, prefix: a/#/b }', 'CONFIG_INVALID', 'is not a topic prefix'],
    ['- a\n- b', 'CONFIG_INVALID', 'the whole'],
    ['dataDir: x\ndataDir: y', 'CONFIG_NOT_YAML', 'unique'],
    ['dataDir: [', 'CONFIG_NOT_YAML', 'line 1'],
  ])('%j: %s', (text, code, says) => {
    expect(refused(() => parseBrokerConfig(text, 'broker.yaml'))).toMatchObject({
      code,
      message: expect.stringContaining(says),
    });
  });

  test('a file that is not there is named', () => {
    const path = join(folder, 'none.yaml');
    expect(refused(() => loadBrokerConfig(path))).toMatchObject({
      code: 'CONFIG_NOT_FOUND',
      message: expect.stringContaining(path),
    });
  });
});

function refused(work: () => unknown): BrokerError {
  try {
    work();
  } catch (error) {
    return error as BrokerError;
  }
  throw new Error('nothing thrown');
}
