/**
 * Profiles that share what they share: `like` names the one that holds the rest. Pure.
 *
 * Of a profile that is like another, each setting takes the place of that one's; its registers take the place of those
 * of the same quantity, or come on top; `without` names quantities that it lacks. `each` is said once of all registers
 * that stand in the same file.
 */

interface Raw {
  readonly like?: unknown;
  readonly each?: unknown;
  readonly without?: unknown;
  readonly registers?: unknown;
  readonly quantity?: unknown;
}

/**
 * @param load the text of the profile that another one is like, as an object
 * @throws {Error} whose message says what is wrong
 */
export function inherited(raw: unknown, load: (name: string) => unknown, above: readonly string[] = []): unknown {
  if (!isRaw(raw)) return raw;
  const { like, without = [], ...own } = withEach(raw);
  if (like === undefined) return raw.without === undefined ? own : { ...own, without };
  if (typeof like !== 'string') throw new Error('like: must be the name of a profile');
  if (above.includes(like)) throw new Error(`like: ${[...above, like].join(' is like ')}`);
  const base = inherited(load(like), load, [...above, like]);
  if (!isRaw(base)) throw new Error(`like: ${like} is no profile`);
  return { ...base, ...own, like, ...merged(base.registers, own.registers, without) };
}

function withEach(raw: Raw): Raw {
  const { each, ...own } = raw;
  if (!isRaw(each) || !Array.isArray(own.registers)) return raw;
  return {
    ...own,
    registers: own.registers.map((register: unknown) => (isRaw(register) ? { ...each, ...register } : register)),
  };
}

function merged(base: unknown, own: unknown, without: unknown): Raw {
  if (!Array.isArray(base)) return {};
  if (own !== undefined && !Array.isArray(own)) return { registers: own };
  const mine: readonly unknown[] = own ?? [];
  const gone: readonly unknown[] = Array.isArray(without) ? without : [without];
  const quantities = base.map(quantityOf);
  for (const quantity of gone) {
    if (!quantities.includes(quantity)) throw new Error(`without: there is no ${String(quantity)} to leave out`);
  }
  const replaced = base
    .filter((register) => !gone.includes(quantityOf(register)))
    .map((register) => mine.find((other) => quantityOf(other) === quantityOf(register)) ?? register);
  return { registers: [...replaced, ...mine.filter((register) => !quantities.includes(quantityOf(register)))] };
}

function quantityOf(register: unknown): unknown {
  return isRaw(register) ? register.quantity : undefined;
}

function isRaw(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
