/**
 * What goes wrong where values are entered, shown, published, taken out or deleted.
 */
import type { ErrorTable } from '../../broker/protocol/errors.ts';

export const tensorErrors = {
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
  TIME_LEAPT_OVER: {
    says: '{where}: no clock in {zone} ever shows this time: it leaps over it',
    remedy: 'Give the zone of the file with --zone; one that stays on winter time is Etc/GMT-1; nothing was stored.',
  },
  COLUMNS_UNEVEN: {
    says: '{where}: more cells than the table has columns',
    remedy: 'Numbers with a comma need a table with semicolons, or a point: 1.5; nothing was stored.',
  },
  SLOTS_MISSING: {
    says: 'nothing tells where the first slot begins, or how long a slot is',
    remedy: 'Give --from and --step, or a file with a column of instants; nothing was stored.',
  },
  SLOTS_UNEVEN: {
    says: '{where}: does not begin as long after the line before as the second after the first',
    remedy: 'Enter what lies before and after a gap as tensors of their own; nothing was stored.',
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
} as const satisfies ErrorTable;
