/**
 * Examines a home: asks its agent where one runs, looks for itself where none does.
 */

import { existsSync } from 'node:fs';
import { readNames } from '../../broker/protocol/certificate.ts';
import type { Clock } from '../../broker/protocol/clock.ts';
import type { AgentConfig } from '../config.ts';
import { type Agent, findAgent } from '../control/client.ts';
import type { AgentStatus, MetersReading } from '../control/commands.ts';
import { readOffline } from '../control/offline.ts';
import { notAnswering } from '../data-folder.ts';
import { databasePath, socketPath } from '../data-paths.ts';
import { AgentError, toldBy } from '../errors.ts';
import { type Database, openDatabase } from '../store/database.ts';
import { HomeStore } from '../store/home-store.ts';
import { lastInstant } from '../store/last-instant.ts';
import { migrations } from '../store/migrations.ts';
import { isSynchronised } from '../time/synchronised.ts';
import { judgeTime } from '../time/time-trust.ts';
import { clockErrors, detailsOf } from '../time/time-watch.ts';
import type { TroubleKind } from '../troubles.ts';
import { type Check, type Finding, note, well, wrong } from './finding.ts';
import { judgeCertificate, judgeReading } from './judgements.ts';
import { lookAtBroker, lookAtDatabase, lookAtDisk, lookAtFolder, lookAtKeys, lookAtPort } from './look.ts';

/** @throws {AgentError} AGENT_NO_ANSWER */
export async function examine(config: AgentConfig, clock: Clock): Promise<Finding[]> {
  const agent = await findAgent(socketPath(config.dataDir));
  if (agent === undefined) return examineAlone(config, clock);
  try {
    return await examineRunning(agent, config, clock);
  } finally {
    agent.close();
  }
}

async function examineRunning(agent: Agent, config: AgentConfig, clock: Clock): Promise<Finding[]> {
  const status = await agent.ask('status', {});
  const reading = await agent.ask('meters read', {});
  const stored = onDatabase(config, (database) => [
    lookAtDatabase(database),
    lookAtKeys(config, database),
    certificateIn(database, clock),
  ]);
  return [
    well('agent', `runs, process ${status.pid}, version ${status.version}`),
    ...troublesOf(status),
    lookAtFolder(config),
    lookAtDisk(config),
    ...stored,
    ...portsOf(config, reading),
    ...reading.devices.map((row) => judgeReading(row, reading)),
    brokerOf(status),
  ];
}

async function examineAlone(config: AgentConfig, clock: Clock): Promise<Finding[]> {
  const { path, dataDir } = config;
  const ports: Finding[] = [];
  for (const bus of config.buses) ports.push(await lookAtPort(bus));
  const begun = [wrong('agent', notAnswering(config)), lookAtFolder(config), lookAtDisk(config)];
  const rest = [...ports, await lookAtBroker(config)];
  if (!existsSync(databasePath(dataDir))) {
    return [...begun, note('database', new AgentError('NEVER_STARTED', { path: dataDir, config: path })), ...rest];
  }
  const synchronised = await isSynchronised();
  const stored = onDatabase(config, (database) => [
    clockFinding(clock, synchronised, database),
    lookAtDatabase(database),
    lookAtKeys(config, database),
    certificateIn(database, clock),
  ]);
  const isWhole = stored.every(({ check, state }) => check !== 'database' || state === 'well');
  const devices = isWhole ? await readOffline(config, clock, (handlers) => handlers['meters read']({})) : undefined;
  return [...begun, ...stored, ...rest, ...(devices?.devices.map((row) => judgeReading(row, devices)) ?? [])];
}

/** What the agent knows to be wrong; and of what it looks at, what it does not complain of. */
function troublesOf({ troubles }: AgentStatus): Finding[] {
  const checks: Readonly<Record<TroubleKind, Check>> = {
    ...{ clock: 'clock', storing: 'disk', room: 'disk', restored: 'database', twin: 'folder', copy: 'database' },
  };
  const told = troubles.map(({ kind, ...trouble }) => wrong(checks[kind], trouble));
  const isTrusted = !troubles.some(({ kind }) => kind === 'clock');
  return isTrusted ? [well('clock', 'trusted by the agent'), ...told] : told;
}

function clockFinding(clock: Clock, synchronised: boolean, database: Database): Finding {
  const stored = lastInstant(database);
  const trust = judgeTime(undefined, { wall: clock.now(), elapsed: 0, synchronised, stored });
  if (!trust.trusted) return wrong('clock', new AgentError(clockErrors[trust.doubt], detailsOf(trust, stored)));
  return well(
    'clock',
    synchronised ? 'a time server confirms it' : 'not before anything stored; no time server confirms it',
  );
}

function certificateIn(database: Database, clock: Clock): Finding {
  const enrolment = new HomeStore(database).enrolment();
  const valid = enrolment && readNames(enrolment.certificate, enrolment.home, enrolment.cohort);
  return judgeCertificate(valid, clock.now());
}

/** A port that does not open is the failure of each device on it. */
function portsOf(config: AgentConfig, { devices }: MetersReading): Finding[] {
  return config.buses.map(({ port }) => {
    const failure = devices.find((row) => row.port === port && row.failure?.code.startsWith('PORT_'))?.failure;
    const isOut = failure !== undefined && failure.until === undefined;
    return isOut ? wrong('port', failure) : well('port', `${port} is open`);
  });
}

function brokerOf({ connected, broker }: AgentStatus): Finding {
  if (connected) return well('broker', `connected to ${broker}`);
  return wrong('broker', new AgentError('BROKER_AWAY', { url: broker, why: 'the agent has no connection to it now' }));
}

/** Read only, also beside an agent that writes. */
function onDatabase(config: AgentConfig, look: (database: Database) => Finding[]): Finding[] {
  try {
    const database = openDatabase(databasePath(config.dataDir), migrations, { readonly: true });
    try {
      return look(database);
    } finally {
      database.close();
    }
  } catch (error) {
    const told = toldBy(error) ?? toldBy(new AgentError('DATABASE_DAMAGED', { why: nameOf(error) }));
    if (told === undefined) throw error;
    return [wrong('database', told)];
  }
}

/** SQLite's own code; its text may hold what is stored. */
function nameOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'it cannot be read';
}
