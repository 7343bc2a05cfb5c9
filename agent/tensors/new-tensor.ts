/**
 * Makes a tensor of what a person has typed in, or says what is wrong with it and where. Pure.
 */
import { type EpochMs, epochMs } from '../../broker/protocol/clock.ts';
import { Tag, text } from '../../broker/protocol/fields.ts';
import { isEnergy, scaledOf } from '../../broker/protocol/vector.ts';
import { Name } from '../config-schema.ts';
import { AgentError, type AgentErrorCode } from '../errors.ts';
import { capacityOf } from './capacity.ts';
import { readDecimal, scaleOf } from './hand-entered.ts';
import { placesText } from './places.ts';
import type { NewTensor } from './tensor.ts';

/** As typed. Numbers are still text, so that none is rounded on the way. */
export interface WrittenTensor {
  readonly id: string;
  readonly tags: readonly string[];
  readonly description: string;
  readonly quantity: string;
  readonly unit?: string | undefined;
  /** In the unit written, per hour for energies. */
  readonly capacity: string;
  readonly from: number;
  readonly stepMs: number;
  /** `where` is for the errors: `value 3`, `values.txt, line 3`. */
  readonly values: readonly { readonly text: string; readonly where: string }[];
  /** How many steps the slot of each is long; left out: one. */
  readonly steps?: readonly number[] | undefined;
}

const mostValues = 10_000;

/** @throws {AgentError} FIELD_MALFORMED, VALUES_MISSING, VALUE_* */
export function readTensor(written: WrittenTensor, now: EpochMs): NewTensor {
  const { quantity, unit, prefix } = scaleOf(written.quantity, written.unit);
  checkNames(written);
  checkSlots(written, now);
  const capacity = capacityOfText(written.capacity, prefix);
  const most = (index: number) => capacityOf({ quantity, capacity }, written.stepMs * (written.steps?.[index] ?? 1));
  const values = written.values.map(({ text: number }) => readDecimal(number, prefix));
  const refuseWhere = (code: AgentErrorCode, isWrong: (value: number | undefined, index: number) => boolean) => {
    const wrong = written.values.filter((_, index) => isWrong(values[index], index));
    if (wrong.length > 0) throw new AgentError(code, { where: placesText(wrong.map(({ where }) => where)) });
  };
  refuseWhere('VALUE_MALFORMED', (value) => value === undefined);
  refuseWhere('VALUE_NEGATIVE', (value = 0) => value < 0 && isEnergy(quantity));
  refuseWhere('VALUE_ABOVE_CAPACITY', (value = 0, index) => Math.abs(value) > most(index));
  const { id, tags, description, stepMs } = written;
  return {
    id,
    tags,
    description,
    quantity,
    unit,
    capacity,
    from: epochMs(written.from),
    stepMs,
    values: values.map(Number),
    steps: written.steps,
  };
}

function checkNames({ id, tags, description }: WrittenTensor): void {
  if (!Name.safeParse(id).success) {
    refuse('name', `"${id}" is not 1 to 63 of a-z 0-9 . _ - with a letter or digit at both ends`);
  }
  if (tags.length === 0 || tags.length > 16) refuse('tag', 'give 1 to 16 tags, each with --tag');
  const odd = tags.find((tag) => !Tag.safeParse(tag).success);
  if (odd !== undefined) refuse('tag', `"${odd}" is not # and then a-z 0-9 -, like '#fridge' (in quotes)`);
  if (!text(0, 200).safeParse(description).success) refuse('description', 'longer than 200 bytes');
}

function checkSlots({ from, stepMs, values, steps }: WrittenTensor, now: EpochMs): void {
  if (values.length === 0) throw new AgentError('VALUES_MISSING');
  if (values.length > mostValues) refuse('values', `more than ${mostValues}`);
  if (steps !== undefined && steps.length !== values.length) refuse('steps', 'not one for each value');
  const length = steps?.reduce((sum, each) => sum + each, 0) ?? values.length;
  if (from + stepMs * length > now) {
    refuse('from', `with ${values.length} slots of this length, the last would end in the future`);
  }
}

function capacityOfText(written: string, prefix: number): NewTensor['capacity'] {
  const capacity = readDecimal(written, prefix);
  if (capacity === undefined || capacity <= 0) return refuse('capacity', 'not a plain decimal number above 0');
  try {
    return scaledOf(capacity);
  } catch {
    return refuse('capacity', 'more digits than the protocol carries');
  }
}

function refuse(field: string, why: string): never {
  throw new AgentError('FIELD_MALFORMED', { field, why });
}
