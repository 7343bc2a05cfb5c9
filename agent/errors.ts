/**
 * Every error of the home's side: code, what is wrong, what to do. One table.
 * What a home refuses of the coordinator is in policy/refusals.ts.
 */
import { CodedError, type Details, type ErrorTable } from '../broker/protocol/errors.ts';

export const agentErrors = {
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

  // --- data folder, database ---
  DATA_FOLDER_UNUSABLE: {
    says: 'the data folder {path} cannot be used: {why}',
    remedy: 'Put dataDir where the user that runs the agent may write.',
  },
  DATA_FOLDER_OPEN: {
    says: 'others on this machine may look into the data folder {path} (mode {mode})',
    remedy: 'Close it: chmod 700 {path}',
  },
  DATA_FOLDER_IN_USE: {
    says: 'an agent works on the data folder {path} already: process {pid}',
    remedy: 'Stop that one first (kill {pid}), or give this one a dataDir of its own.',
  },
  DATABASE_UNREADABLE: {
    says: 'the database {path} cannot be opened: {why}',
    remedy: 'Check its owner and the free space; restore a backup if the file is damaged.',
  },
  DATABASE_NOT_DURABLE: {
    says: 'the database {path} would forget at a power cut what it has acknowledged: {found}',
    remedy: 'Put dataDir on a local file system that carries SQLite in WAL mode.',
  },
  DATABASE_NEWER: {
    says: 'the database {path} was written by a newer version (it has "{migration}")',
    remedy: 'Run that version, or restore a backup from before.',
  },
  DATABASE_OLDER: {
    says: 'the database {path} is of an older version (it lacks "{migration}")',
    remedy: 'Start the agent once, it brings the database up to date: wattveil agent run',
  },
  LEDGER_DIFFERS: {
    says: 'what is stored does not bear out what the ledger says, in {count} places',
    remedy:
      'Something else than this agent has changed the database, or the disk has. Keep a copy of dataDir, then go on from a good backup.',
  },
  DISK_SHORT: {
    says: 'the disk of dataDir has {megabytes} MB left: single readings and minutes are held for a shorter time, quarters as ever',
    remedy: 'Make room on that disk, or hold less: readings, minutes and leastFree under retention in agent.yaml.',
  },
  DATABASE_WRITE_FAILED: {
    says: 'nothing can be stored: {why}',
    remedy: 'Look after the disk of dataDir. Polling goes on; readings wait in memory, and no report leaves.',
  },
  DISK_FULL: {
    says: 'the disk of dataDir is full: {why}',
    remedy: 'Make room on it. Polling goes on; readings wait in memory, and no report leaves meanwhile.',
  },
  DISK_READ_ONLY: {
    says: 'the disk of dataDir takes no writing: {why}',
    remedy: 'Mount it writable. If the system made it read-only by itself, the card may be dying: copy it, replace it.',
  },
  DATABASE_DAMAGED: {
    says: 'the database is damaged: {why}',
    remedy: 'Start the agent again: it then goes back to its last good copy. Replace the card if this comes again.',
  },

  DATABASE_LOST: {
    says: 'the database {path} cannot be used ({why}), nor its last good copy ({copy})',
    remedy: 'Put a backup back, if there is one. Else start anew: an empty dataDir and another home id.',
  },
  DATABASE_RESTORED: {
    says: 'the database could not be used ({why}); the agent goes on with its copy of {copied}',
    remedy:
      'What came after that copy is lost, and hours that began before now are in no sum. The card may be dying: replace it.',
  },
  COPY_NOT_MADE: {
    says: 'there is no room for a good copy of the database {path}: {needed} MB are needed, {free} MB are free',
    remedy: 'Make room on its disk. Until then a damaged database can only be replaced by an older copy or a backup.',
  },
  TWIN_SEEN: {
    says: 'another agent uses the identity of {home}, from a copied card perhaps; sharing was turned off',
    remedy: 'Stop the other one for good. Then: wattveil share on. What either could have told until then stays home.',
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

  // --- backups ---
  BACKUP_FAILED: {
    says: 'no backup was made at {file}: {why}',
    remedy: 'Give the path of a file that is not there yet, in a folder of your own with room enough.',
  },
  BACKUP_UNREADABLE: {
    says: '{file} is no backup of a home: {why}',
    remedy: 'Give a file that was written by: wattveil backup',
  },
  RESTORE_OVER_DATA: {
    says: 'there is a database in the data folder {path} already',
    remedy: 'Give an empty dataDir; or add --force, then all that was measured since the backup is lost.',
  },
  RESTORE_FAILED: {
    says: '{file} could not be put into the data folder {path}: {why}',
    remedy: 'Make room there, then repeat it with --force.',
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

  // --- taking out and deleting what is held ---
  DEVICE_UNKNOWN: {
    says: 'nothing was ever read of a device {device}{hint}',
    remedy: 'Give its id or serial number; without --device all are meant.',
  },
  DELETE_WHAT: {
    says: 'it is not said what to delete',
    remedy: 'Give --device, --from, --until, or --all; nothing was deleted.',
  },
  DELETE_UNCONFIRMED: {
    says: 'nobody is at a terminal who could be asked',
    remedy: 'Repeat it with --yes; nothing was deleted.',
  },
  ERASED_NOT_WHOLLY: {
    says: 'it is deleted, but traces are still in the write-ahead log: another program reads the database',
    remedy: 'End that program, then repeat this: the traces go with it.',
  },
  EXPORT_FAILED: {
    says: '{path} cannot be written: {why}',
    remedy: 'Give the path of a new file where there is room; none is overwritten.',
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

  // --- tensors ---
  TENSOR_UNKNOWN: {
    says: 'there is no tensor {tensor}{hint}',
    remedy: 'See those there are: wattveil tensors list',
  },
  TENSOR_EXISTS: {
    says: 'there is a tensor {tensor} already',
    remedy: 'Choose another name: wattveil tensors list shows those in use.',
  },
  TENSOR_NAME_SPENT: {
    says: 'a tensor {tensor} was entered by hand once, and its name is never used again',
    remedy: 'Choose another name, for instance with the date in it.',
  },
  TENSOR_FROM_DEVICE: {
    says: 'the tensor {tensor} is read from the device {device}, not entered by hand',
    remedy: 'Take it out of the configuration and start the agent again.',
  },
  TENSOR_WITHOUT_READING: {
    says: 'the tensor {tensor} stays empty: the device {device} does not give {quantity}',
    remedy: 'Choose a quantity that its profile has: wattveil meters read',
  },
  FIELD_MALFORMED: {
    says: '{field}: {why}',
    remedy: 'Correct it: wattveil tensors add --help shows examples.',
  },
  VALUE_MALFORMED: {
    says: '{where}: not a plain decimal number',
    remedy: 'Write values like 0.5 or 12, one per slot; nothing was stored.',
  },
  VALUE_NEGATIVE: {
    says: '{where}: below 0, which an energy cannot be',
    remedy: 'Enter what was taken as energyImport and what was fed in as energyExport; nothing was stored.',
  },
  VALUE_ABOVE_CAPACITY: {
    says: '{where}: more than the capacity allows in one slot',
    remedy: 'Correct the value or its unit, or give the capacity of the connection; nothing was stored.',
  },
  VALUES_MISSING: {
    says: 'no values were given',
    remedy: 'Give one per slot after the name, or a file with one a line: --file PATH; nothing was stored.',
  },
  VALUES_UNREADABLE: {
    says: 'the file of values {path} cannot be read: {why}',
    remedy: 'Give a text file with one value a line; nothing was stored.',
  },
  COLUMN_UNKNOWN: {
    says: '{path} has no column "{column}"; its columns: {columns}',
    remedy: 'Give one of them: --column NAME; nothing was stored.',
  },
  COLUMN_UNCLEAR: {
    says: 'which column of {path} has the values is not clear; its columns: {columns}',
    remedy: 'Name it: --column NAME, or write a first line like from,kWh; nothing was stored.',
  },
  UNIT_MISSING: {
    says: 'nothing tells the unit of the values',
    remedy: 'Give it: --unit kWh; nothing was stored.',
  },
  TIME_MALFORMED: {
    says: '{where}: no instant that is understood',
    remedy: 'Write 2026-11-23T06:00, with Z or +01:00 where it is not local, or 23.11.2026 06:00; nothing was stored.',
  },
  SLOTS_MISSING: {
    says: 'nothing tells where the first slot begins, or how long a slot is',
    remedy: 'Give --from and --step, or a file with a column of instants; nothing was stored.',
  },
  SLOTS_UNEVEN: {
    says: '{where}: does not begin as long after the line before as the second after the first',
    remedy:
      'Enter what lies before and after a gap, or a change of the clocks, as tensors of their own; nothing was stored.',
  },
  CATALOGUE_FULL: {
    says: 'the catalogue would name {tensors} tensors, more than {most}',
    remedy: 'Withdraw one that nobody asks for: wattveil tensors withdraw',
  },
  CATALOGUE_TOO_LARGE: {
    says: 'the catalogue would have {bytes} bytes, more than the {longest} that get through',
    remedy: 'Shorten tags and descriptions, or withdraw other tensors: wattveil tensors withdraw',
  },
  DEVICE_NOT_KNOWN: {
    says: 'it is not known yet which device {device} is, so nothing can be agreed to of {tensor}',
    remedy: 'Start the agent with it in its configuration, then publish again.',
  },
  SINCE_IN_FUTURE: {
    says: '--since lies in the future',
    remedy: 'Leave it out to publish from now on, or give an instant that is past.',
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
