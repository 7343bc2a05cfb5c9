/**
 * Every error of the home's side: code, what is wrong, what to do; those of its larger rooms stand there.
 * What a home refuses of the coordinator is in policy/refusals.ts.
 */
import { CodedError, type Details, type ErrorTable } from '../broker/protocol/errors.ts';
import { storeErrors } from './store/errors.ts';
import { tensorErrors } from './tensors/errors.ts';

export const agentErrors = {
  ...storeErrors,
  ...tensorErrors,

  // --- configuration ---
  CONFIG_UNREADABLE: {
    says: 'the configuration {path} cannot be read: {why}',
    remedy: 'Give its path with --config, or write one: wattveil agent run --help shows an example.',
  },
  CONFIG_NOT_YAML: {
    says: '{path}, line {line}: this is not YAML: {why}',
    remedy: 'Mend that line; indent with spaces, quote texts that begin with # or @.',
  },
  CONFIG_KEY_UNKNOWN: {
    says: '{path}, line {line}: {where} has no setting {key}',
    remedy: '{advice}',
  },
  CONFIG_INVALID: {
    says: '{path}, line {line}: {where}: {why}',
    remedy: 'Correct it there: wattveil agent run --help shows an example of each setting.',
  },
  BROKER_NOT_LOOPBACK: {
    says: '{path}, line {line}: the broker on {host} would be reached without TLS: others on the way could read and change what is sent',
    remedy: 'Use a broker on 127.0.0.1, or set broker.insecure: true if the network is yours alone.',
  },

  RECORDING_UNREADABLE: {
    says: 'the recording {file} cannot be read: {why}',
    remedy: 'Give the path of a file of bytes as they came from the meter.',
  },

  // --- time ---
  CLOCK_UNSET: {
    says: 'the clock says {now}: it has not been set since this machine started',
    remedy: 'Let it reach a time server, or set it: date -s. Readings wait in memory, and no report leaves meanwhile.',
  },
  CLOCK_BEHIND: {
    says: 'the clock says {now}, but something was stored at {stored} already',
    remedy: 'Let it reach a time server, or set it: date -s. Readings wait in memory, and no report leaves meanwhile.',
  },
  CLOCK_AHEAD: {
    says: 'the clock says {now}, long after anything was stored (at {stored})',
    remedy:
      'If it is wrong, set it: date -s. If it is right, nothing: it is believed once a time server confirms it, or in a day.',
  },
  CLOCK_JUMPED: {
    says: 'the clock was set to {now} while the agent ran, and nothing confirms it yet',
    remedy:
      'Nothing, if it is right: it is believed once a time server confirms it, or after an hour. Else set it: date -s.',
  },
  CLOCK_DOUBTED: {
    says: 'this needs to know what time it is, and the clock of this machine is not to be trusted now',
    remedy: 'See what is wrong with it: wattveil agent status',
  },

  // --- keys, enrolment ---
  KEY_FILE_UNUSABLE: {
    says: 'the key file {path} cannot be used: {why}',
    remedy: 'Put back the file this home has always had, mode 0600.',
  },
  KEY_FILE_OPEN: {
    says: 'others on this machine may read the key file {path} (mode {mode})',
    remedy: 'Close it: chmod 600 {path}. If someone may have read it, start anew under another home id.',
  },
  KEY_FILE_MISSING: {
    says: 'the key file {path} is gone, though this home has made its key before',
    remedy: 'Put it back, mode 0600; or start anew: an empty dataDir and another home id.',
  },
  AGREEMENT_KEY_MISSING: {
    says: 'the agreement key file {path} is gone, though rounds may need it',
    remedy:
      'Put it back, mode 0600. Else this home makes a new key at its next start, and no hour that began before is in any sum.',
  },
  KEY_FILE_DIFFERS: {
    says: 'the key file {path} holds another key than this home was set up with',
    remedy: 'Put back the file that belongs to this data folder.',
  },
  PINS_DIFFER: {
    says: 'the configuration pins another {party} key than the one this home enrolled with',
    remedy: 'Correct pins.{party}, or enrol anew: an empty dataDir and another home id.',
  },
  HOME_ID_DIFFERS: {
    says: 'the data folder belongs to the home {found}, the configuration says {home}',
    remedy: 'Write home: {found}, or give {home} a dataDir of its own.',
  },

  // --- talking to the running agent ---
  AGENT_NOT_RUNNING: {
    says: 'no agent runs on the data folder {path}',
    remedy: 'Start it, then repeat this: wattveil agent run --config {config}',
  },
  AGENT_NOT_READY: {
    says: 'the agent on {path} (process {pid}) does not answer yet: it starts, or waits for a disk that is full or takes no writing',
    remedy: 'Repeat this in a moment. What it waits for is in its log; wattveil doctor looks at the disk.',
  },
  AGENT_NO_ANSWER: {
    says: 'the agent on {path} did not answer: {why}',
    remedy: 'See its log; if it hangs, stop and start it: wattveil agent run',
  },
  AGENT_FAILED: {
    says: 'the agent could not do that: an error of its own ({kind})',
    remedy: 'See its log for the cause.',
  },
  NEVER_STARTED: {
    says: 'there is nothing in the data folder {path} yet',
    remedy: 'Start the agent first: wattveil agent run --config {config}',
  },
  SOCKET_PATH_TOO_LONG: {
    says: 'the path of the agent’s socket has {bytes} bytes, the system takes {limit}: {path}',
    remedy: 'Choose a dataDir with a shorter path.',
  },
  SOCKET_FAILED: {
    says: 'the agent cannot listen on {path}: {why}',
    remedy: 'Put dataDir on a local file system that takes Unix sockets.',
  },
  REQUEST_MALFORMED: {
    says: 'the agent does not understand the request: {why}',
    remedy: 'Use the wattveil command of the agent’s own version.',
  },

  // --- what a look at the home finds ---
  DISK_LOW: {
    says: '{free} MB are free for {path}, less than {few}',
    remedy: 'Make room on that disk, before readings and reports can no longer be stored.',
  },
  DEVICE_NEVER_READ: {
    says: '{device} was never read',
    remedy: 'See what keeps it: wattveil meters check',
  },
  DEVICE_LATE: {
    says: '{device} was last read {age} ago, though it is polled every {every}',
    remedy: 'See what keeps it: wattveil meters check',
  },
  BROKER_AWAY: {
    says: 'the broker {url} is not reached: {why}',
    remedy: 'Check the network and broker.url in the configuration; the agent connects by itself as soon as it can.',
  },
  NOT_ENROLLED: {
    says: 'this home is in no cohort, and takes part in no sum',
    remedy: 'Nothing, or ask the utility to take it in: wattveil enrol',
  },
  CERTIFICATE_AHEAD: {
    says: 'the certificate of this home is valid from {from} on only',
    remedy: 'Check the clock of this machine; else ask the utility for a new certificate: wattveil enrol',
  },
  CERTIFICATE_OVER: {
    says: 'the certificate of this home was valid until {until}',
    remedy: 'Check the clock of this machine; else ask the utility for a new certificate.',
  },
  CERTIFICATE_ENDS: {
    says: 'the certificate of this home ends on {until}',
    remedy: 'Ask the utility for a new one before.',
  },

  // --- counters, meters ---
  COUNTER_FELL: {
    says: '{quantity} of {device} stands lower than it did: not believed unless it goes on so',
    remedy: 'Nothing, if it stays alone. If it comes often: check wiring, termination and profile of the meter.',
  },
  COUNTER_LEAPT: {
    says: '{quantity} of {device} leapt by more than its connection carries: not believed unless it goes on so',
    remedy: 'If its connection carries more, give the device its rating, in W; else check its profile.',
  },
  COUNTER_ANEW: {
    says: '{quantity} of {device} counts anew; the time in which it began has no value',
    remedy:
      'Nothing, if the meter was reset, lost its power, or was replaced: it goes on as the same source. ' +
      'For a new meter without a serial number to be a source of its own, give it both a new id and a new address.',
  },
  READING_TOO_LONG: {
    says: 'a reading of {device} had no end after {seconds} s, and was given up',
    remedy: 'Report it, with the lines around it in the log; polling goes on. Starting the agent again frees the port.',
  },
  BUS_NOT_CLOSED: {
    says: 'what runs on {port} did not end within {seconds} s, and is left behind',
    remedy: 'Report it, with the lines before it in the log. The port is free once this process has ended.',
  },
  METER_CHANGED: {
    says: 'another meter hangs where {device} was: its readings begin a new source, the old one is closed',
    remedy: 'Publish what may be shared of the new one: wattveil tensors publish; no sum holds it before.',
  },
  SERIAL_SHARED: {
    says: '{device} says the same serial number as another device: it tells neither apart, and is not looked at',
    remedy: 'Nothing, as long as both stay where they are: they are told apart by id and by port and address.',
  },

  // --- plugs ---
  PLUG_UNKNOWN: {
    says: 'there is no plug {plug}{hint}',
    remedy: 'See those there are: wattveil plugs list',
  },
} as const satisfies ErrorTable;

export type AgentErrorCode = keyof typeof agentErrors;

/** Whatever the home's side refuses or cannot do. Its text holds no reading. */
export class AgentError extends CodedError<AgentErrorCode> {
  constructor(code: AgentErrorCode, details: Details = {}, options?: ErrorOptions) {
    super(agentErrors, code, details, options);
    this.name = 'AgentError';
  }
}

/** What every error of ours says, whichever part it comes from. */
export interface Told {
  readonly code: string;
  readonly says: string;
  readonly remedy: string;
}

/** An error that came over the socket: as the agent told it. */
export class ToldError extends Error {
  readonly code: string;
  readonly remedy: string;

  constructor({ code, says, remedy }: Told) {
    super(says);
    this.name = 'ToldError';
    this.code = code;
    this.remedy = remedy;
  }
}

/** Undefined for an error that is none of ours: a bug, not something a person can act on. */
export function toldBy(error: unknown): Told | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, remedy } = error as { code?: unknown; remedy?: unknown };
  if (typeof code !== 'string' || typeof remedy !== 'string') return undefined;
  return { code, says: error.message, remedy };
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
