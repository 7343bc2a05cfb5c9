/**
 * What goes wrong with what is kept: the folder, its disk, the database, copies of it.
 */
import type { ErrorTable } from '../../broker/protocol/errors.ts';

export const storeErrors = {
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

  // --- backups ---
  BACKUP_FAILED: {
    says: 'no backup was made at {file}: {why}',
    remedy: 'Give the path of a file that is not there yet, in a folder of your own with room enough.',
  },
  BACKUP_UNREADABLE: {
    says: '{file} is no backup of a home: {why}',
    remedy: 'Give a file that was written by: wattveil backup',
  },
  BACKUP_OTHER_HOME: {
    says: '{file} is a backup of the home {found}, and the configuration is that of {home}',
    remedy: 'Give the backup of this home; or, for the home of the backup, a --config that is not there yet.',
  },
  RESTORE_OVER_DATA: {
    says: 'there is a database in the data folder {path} already',
    remedy: 'Give an empty dataDir; or add --force, then all that was measured since the backup is lost.',
  },
  RESTORE_FAILED: {
    says: '{file} could not be put into the data folder {path}: {why}',
    remedy: 'Make room there, then repeat it with --force.',
  },
} as const satisfies ErrorTable;
