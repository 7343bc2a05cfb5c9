/**
 * Tensors whose values were entered by hand. A name that was used once stays used, also when its tensor is removed.
 */
import { type EpochMs, epochMs } from '../../broker/protocol/clock.ts';
import type { Grid } from '../../broker/protocol/fields.ts';
import type { Span } from '../../broker/protocol/grid.ts';
import type { Quantity } from '../../hardware/quantity.ts';
import { type EnteredValue, enteredGrids } from '../tensors/hand-entered.ts';
import type { NewTensor } from '../tensors/tensor.ts';
import type { Database } from './database.ts';

export interface EnteredTensor extends Omit<NewTensor, 'values' | 'steps'> {
  /** In steps. */
  readonly slots: number;
  /** One where all slots are a step long. */
  readonly grids: readonly Grid[];
}

interface Row {
  readonly id: string;
  readonly tags: string;
  readonly description: string;
  readonly quantity: Quantity;
  readonly unit: string;
  readonly capacity_mantissa: number;
  readonly capacity_exponent10: number;
  readonly from_ms: number;
  readonly step_ms: number;
  readonly slots: number;
  readonly longest: number;
}

export class EnteredStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  list(): EnteredTensor[] {
    return this.#database
      .prepare<[], Row>(
        `SELECT *, (SELECT coalesce(max(slot + steps), 0) FROM entered_values WHERE tensor = id) AS slots,
           (SELECT coalesce(max(steps), 1) FROM entered_values WHERE tensor = id) AS longest
         FROM entered_tensors WHERE removed_at_ms IS NULL ORDER BY id`,
      )
      .all()
      .map((row) => ({
        id: row.id,
        tags: JSON.parse(row.tags) as string[],
        description: row.description,
        quantity: row.quantity,
        unit: row.unit,
        capacity: [row.capacity_mantissa, row.capacity_exponent10],
        from: epochMs(row.from_ms),
        stepMs: row.step_ms,
        slots: row.slots,
        grids: this.#gridsOf(row),
      }));
  }

  /** In order of time; one that was deleted is missing. */
  values(id: string): EnteredValue[] {
    return this.#database
      .prepare<[string], EnteredValue>('SELECT slot, steps, value FROM entered_values WHERE tensor = ? ORDER BY slot')
      .all(id);
  }

  #gridsOf({ id, from_ms: from, step_ms: step, slots, longest }: Row): Grid[] {
    return longest === 1 ? [{ from, step, slots }] : enteredGrids({ from, step, values: this.values(id) });
  }

  /** Whether a tensor has this name, or had it once. */
  isNameUsed(id: string): 'in use' | 'once' | undefined {
    const row = this.#database
      .prepare<[string], { removed: number | null }>(
        'SELECT removed_at_ms AS removed FROM entered_tensors WHERE id = ?',
      )
      .get(id);
    if (row === undefined) return undefined;
    return row.removed === null ? 'in use' : 'once';
  }

  add(tensor: NewTensor, now: EpochMs): void {
    this.#database.transaction(() => {
      this.#database
        .prepare(
          `INSERT INTO entered_tensors (id, tags, description, quantity, unit, capacity_mantissa, capacity_exponent10,
             from_ms, step_ms, entered_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(
          tensor.id,
          JSON.stringify(tensor.tags),
          tensor.description,
          tensor.quantity,
          tensor.unit,
          ...tensor.capacity,
          tensor.from,
          tensor.stepMs,
          now,
        );
      const insert = this.#database.prepare(
        'INSERT INTO entered_values (tensor, slot, steps, value) VALUES (?, ?, ?, ?)',
      );
      let slot = 0;
      for (const [place, value] of tensor.values.entries()) {
        const steps = tensor.steps?.[place] ?? 1;
        insert.run(tensor.id, slot, steps, value);
        slot += steps;
      }
    })();
  }

  /** Deletes the values of all slots that have part in this stretch of time. @returns how many */
  erase({ from, until }: Span, now: EpochMs): number {
    return this.list().reduce((sum, { id, from: begins, stepMs, slots }) => {
      const first = Math.floor((from - begins) / stepMs);
      const end = Math.ceil((until - begins) / stepMs);
      if (first <= 0 && end >= slots) {
        const held = this.values(id).length;
        this.remove(id, now);
        return sum + held;
      }
      const erase = this.#database.prepare(
        'DELETE FROM entered_values WHERE tensor = ? AND slot + steps > ? AND slot < ?',
      );
      return sum + erase.run(id, first, end).changes;
    }, 0);
  }

  /** Removes the values and keeps the name. */
  remove(id: string, now: EpochMs): void {
    this.#database.transaction(() => {
      this.#database.prepare('DELETE FROM entered_values WHERE tensor = ?').run(id);
      this.#database.prepare('DELETE FROM publications WHERE tensor = ?').run(id);
      this.#database
        .prepare("UPDATE entered_tensors SET removed_at_ms = ?, tags = '[]', description = '' WHERE id = ?")
        .run(now, id);
    })();
  }
}
