import { chmodSync, chownSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MeterRow } from '../../agent/control/commands.ts';
import type { Finding } from '../../agent/doctor/finding.ts';
import { judgeCertificate, judgeDisk, judgeReading } from '../../agent/doctor/judgements.ts';
import type { RunningAgent } from '../../agent/main.ts';
import { epochMs, SteppedClock } from '../../broker/protocol/clock.ts';
import { keepingLog } from '../broker/silent-log.ts';
import { type HomeKit, homeKit } from './home-kit.ts';

const now = Date.now();
const found = (finding: Finding) => (finding.state === 'well' ? 'well' : `${finding.state} ${finding.code}`);

describe('what is found out', () => {
  it.each([
    [199, 'wrong DISK_LOW'],
    [200, 'well'],
  ])('%d MB free are %s', (free, expected) => {
    expect(found(judgeDisk('/data', free * 1_000_000))).toBe(expected);
  });

  const row: MeterRow = { id: 'fridge', profile: 'x', port: '/dev/a', address: 1, pollEveryMs: 10_000, measured: [] };
  const failure = { code: 'METER_NO_ANSWER', says: 'x', remedy: 'y', since: epochMs(1), at: epochMs(2), tries: 3 };
  it.each<[string, MeterRow, boolean, string]>([
    ['that was read a moment ago', { ...row, at: epochMs(now - 30_000) }, true, 'well'],
    ['that was read a while ago', { ...row, at: epochMs(now - 30_001) }, true, 'wrong DEVICE_LATE'],
    ['that nobody reads now', { ...row, at: epochMs(now - 86_400_000) }, false, 'well'],
    ['that was never read', row, true, 'wrong DEVICE_NEVER_READ'],
    ['that was never read, and is not now', row, false, 'note DEVICE_NEVER_READ'],
    ['that fails', { ...row, at: epochMs(now), failure }, true, 'wrong METER_NO_ANSWER'],
    ['that failed before', { ...row, at: epochMs(now), failure: { ...failure, until: epochMs(now) } }, true, 'well'],
  ])('a device %s', (_, of, live, expected) => {
    expect(found(judgeReading(of, { now: epochMs(now), live }))).toBe(expected);
  });

  const day = 86_400_000;
  it.each<[string, { from: number; until: number } | undefined, string]>([
    ['that is none', undefined, 'note NOT_ENROLLED'],
    ['for long', { from: now - day, until: now + 31 * day }, 'well'],
    ['for a few days more', { from: now - day, until: now + 29 * day }, 'note CERTIFICATE_ENDS'],
    ['that has ended', { from: now - day, until: now - 1 }, 'wrong CERTIFICATE_OVER'],
    ['that has not begun', { from: now + 1, until: now + day }, 'wrong CERTIFICATE_AHEAD'],
  ])('a certificate %s', (_, valid, expected) => {
    expect(found(judgeCertificate(valid, epochMs(now)))).toBe(expected);
  });
});

describe('a home', () => {
  const settings = {
    buses: [{ id: 'line', port: '/dev/serial/by-id/usb-gone' }],
    devices: [{ id: 'fridge', bus: 'line', profile: 'eastron-sdm120' }],
    tensors: [{ id: 'fridge', device: 'fridge', tags: ['#fridge'], capacity: 3680 }],
  };
  const clock = new SteppedClock(epochMs(now));
  let kit: HomeKit;
  let agent: RunningAgent | undefined;
  const { log } = keepingLog();

  beforeEach(() => {
    kit = homeKit(clock, settings);
  });
  afterEach(async () => {
    await agent?.close();
    agent = undefined;
    kit.remove();
  });

  async function findings(): Promise<{ code: number; states: Record<string, string> }> {
    const { stdout, code } = await kit.run('doctor', '--json');
    const all = JSON.parse(stdout) as Finding[];
    return { code, states: Object.fromEntries(all.map((one) => [one.check, found(one)])) };
  }

  it('whose agent runs is examined beside it', async () => {
    agent = await kit.start(log);
    await clock.stepTo(epochMs(clock.now() + 60_000));
    const { code, states } = await findings();
    expect(code).toBe(1);
    expect(states).toEqual({
      ...{ agent: 'well', clock: 'well', folder: 'well', keys: 'well', disk: 'well', database: 'well' },
      ...{ certificate: 'note NOT_ENROLLED', port: 'wrong PORT_NOT_FOUND', device: 'wrong PORT_NOT_FOUND' },
      broker: 'wrong BROKER_AWAY',
    });
    const { stdout } = await kit.run('doctor');
    expect(stdout).toMatch(/^\+ agent: runs, process \d+, version 1\.2\.3$/m);
    expect(stdout).toMatch(
      /^! port: PORT_NOT_FOUND: there is no port \/dev\/serial.*\n {2}What to do: Plug the adapter in/m,
    );
    expect(stdout).toMatch(/^~ certificate: NOT_ENROLLED: /m);
  });

  it('whose agent does not run is looked at from outside, down to its broker', async () => {
    agent = await kit.start(log);
    await agent.close();
    agent = undefined;
    const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const config = readFileSync(kit.configPath, 'utf8');
    writeFileSync(kit.configPath, config.replace('127.0.0.1:9', `127.0.0.1:${port}`));
    expect((await findings()).states).toMatchObject({
      ...{ agent: 'wrong AGENT_NOT_RUNNING', folder: 'well', database: 'well', clock: 'well' },
      ...{ port: 'wrong PORT_NOT_FOUND', device: 'note DEVICE_NEVER_READ', broker: 'well' },
    });
    server.close();
    expect((await findings()).states).toMatchObject({ broker: 'wrong BROKER_AWAY' });
  });

  // Only root can give a file away.
  it.runIf(process.getuid?.() === 0)('with a key of another user is told whose', async () => {
    agent = await kit.start(log);
    const path = join(kit.dataDir, 'identity.pem');
    chownSync(path, 65534, 65534);
    const { stdout } = await kit.run('doctor');
    expect(stdout).toMatch(/^! folder: KEY_FILE_UNUSABLE: .*it belongs to user 65534, and the folder to user 0/m);
  });

  it('that never was is told to be started', async () => {
    expect((await findings()).states).toMatchObject({
      agent: 'wrong AGENT_NOT_RUNNING',
      database: 'note NEVER_STARTED',
    });
  });

  it('whose folder, clock and database are not as they should be is told each', async () => {
    agent = await kit.start(log);
    await kit.run(
      'tensors',
      'add',
      'old',
      '--tag',
      '#a',
      '--capacity',
      '9',
      '--unit',
      'kWh',
      '--from',
      '2026-01-01',
      '--step',
      '1h',
      '1',
    );
    await agent.close();
    agent = undefined;
    chmodSync(kit.dataDir, 0o755);
    const early = new SteppedClock(epochMs(now - 86_400_000));
    const before = homeKit(early, settings);
    writeFileSync(before.configPath, readFileSync(kit.configPath, 'utf8').replace('./bob', kit.dataDir));
    const { stdout } = await before.run('doctor');
    before.remove();
    expect(stdout).toMatch(/^! folder: DATA_FOLDER_OPEN: .*mode 755/m);
    expect(stdout).toMatch(/^! clock: CLOCK_BEHIND: /m);
    chmodSync(kit.dataDir, 0o700);
    chmodSync(join(kit.dataDir, 'identity.pem'), 0o644);
    expect((await findings()).states).toMatchObject({ folder: 'wrong KEY_FILE_OPEN' });
    chmodSync(join(kit.dataDir, 'identity.pem'), 0o600);
    const agreement = join(kit.dataDir, readdirSync(kit.dataDir).find((name) => name.endsWith('.key')) ?? '');
    chmodSync(agreement, 0o640);
    expect((await findings()).states).toMatchObject({ folder: 'wrong KEY_FILE_OPEN', keys: 'well' });
    chmodSync(agreement, 0o600);
    expect((await findings()).states).toMatchObject({ folder: 'well', keys: 'well' });
    rmSync(agreement);
    expect((await findings()).states).toMatchObject({ folder: 'well', keys: 'wrong AGREEMENT_KEY_MISSING' });
    rmSync(join(kit.dataDir, 'identity.pem'));
    expect((await findings()).states).toMatchObject({ folder: 'well', keys: 'wrong KEY_FILE_MISSING' });
    const path = join(kit.dataDir, 'agent.db');
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 4096 * 2, statSync(path).size - 4096);
    writeFileSync(path, bytes);
    const damaged = await findings();
    expect(damaged).toMatchObject({ code: 1, states: { database: expect.stringMatching(/^wrong DATABASE_/) } });
  });
});
