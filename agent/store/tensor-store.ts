/**
 * All tensors of the home: those that the configuration makes of its devices, and those entered by hand.
 */
import type { Clock, EpochMs } from '../../broker/protocol/clock.ts';
import type { Grid } from '../../broker/protocol/fields.ts';
import { isQuantity, type Quantity, quantities } from '../../hardware/quantity.ts';
import type { DeviceSettings, Settings, TensorSettings } from '../config-schema.ts';
import { AgentError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import { assertCatalogueFits } from '../tensors/catalogue.ts';
import { enteredPerSlot } from '../tensors/hand-entered.ts';
import { longestGap, type Measure, type SlotValues, slotsBetween } from '../tensors/resampling.ts';
import type {
  Coverage,
  NewTensor,
  SizedGrid,
  Slots,
  Tensor,
  TensorName,
  TensorStore,
  UnitOf,
} from '../tensors/tensor.ts';
import { ClockDoubts } from './clock-doubts.ts';
import type { Database } from './database.ts';
import type { KnownDevice } from './device-store.ts';
import { EnteredStore, type EnteredTensor } from './entered-store.ts';
import { type Publication, PublicationStore } from './publication-store.ts';
import type { ReadingStore } from './reading-store.ts';
import { isDerived, longestGapOf, tensorEntered, tensorOfDevice, unknownDevice } from './tensor-views.ts';

export interface TensorParts {
  readonly database: Database;
  readonly settings: Pick<Settings, 'devices' | 'tensors'>;
  readonly devices: ReadonlyMap<string, KnownDevice>;
  readonly readings: ReadingStore;
  readonly clock: Pick<Clock, 'now'>;
}

export class HomeTensors implements TensorStore {
  readonly #parts: TensorParts;
  readonly #entered: EnteredStore;
  readonly #publications: PublicationStore;
  readonly #doubts: ClockDoubts;
  readonly #listeners: (() => void)[] = [];

  /** @throws {AgentError} TENSOR_EXISTS, TENSOR_NAME_SPENT: the configuration uses a name that was entered by hand */
  constructor(parts: TensorParts) {
    this.#parts = parts;
    this.#entered = new EnteredStore(parts.database);
    this.#publications = new PublicationStore(parts.database);
    this.#doubts = new ClockDoubts(parts.database);
    for (const { id } of parts.settings.tensors) this.#assertNeverEntered(id);
  }

  list(): Tensor[] {
    return this.#withPublications(this.#publications.list());
  }

  /** @throws {AgentError} TENSOR_UNKNOWN */
  get(id: string): Tensor {
    return this.list().find((one) => one.id === id) ?? this.#unknown(id);
  }

  ancestorsOf(device: string): string[] {
    const ancestors: string[] = [];
    const parentOf = (id: string) => this.#parts.settings.devices.find((one) => one.id === id)?.parent;
    for (let parent = parentOf(device); parent !== undefined; parent = parentOf(parent)) ancestors.push(parent);
    return ancestors;
  }

  /** @throws {AgentError} TENSOR_UNKNOWN */
  slots<Q extends string, Count extends number>(
    tensor: TensorName<Q>,
    grid: SizedGrid<Count>,
  ): Slots<UnitOf<Q>, Count> {
    const settings = this.#settingsOf(tensor.id);
    const cut = settings === undefined ? this.#cut(tensor.id, grid) : this.#resampled(settings, grid);
    return {
      dtype: 'float64',
      shape: [grid.slots],
      unit: (isQuantity(tensor.quantity) ? quantities[tensor.quantity].unit : '') as UnitOf<Q>,
      derived:
        settings !== undefined && isDerived(settings.quantity, this.#numberOf(settings.device), this.#parts.readings),
      ...this.#untilNow(cut, grid),
    };
  }

  /** What a device of the configuration has measured, whether there is a tensor of it or not. */
  ofDevice(device: string, quantity: Quantity, grid: Grid): SlotValues {
    return this.#untilNow(this.#resampled({ device, quantity }, grid), grid);
  }

  /** The slots in which the values of a tensor were entered; none for a device's. */
  ownGrids(id: string): readonly Grid[] | undefined {
    return this.#settingsOf(id) === undefined ? this.#enteredOf(id).grids : undefined;
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** @throws {AgentError} TENSOR_EXISTS, TENSOR_NAME_SPENT */
  add(tensor: NewTensor, now: EpochMs): void {
    if (this.#settingsOf(tensor.id) !== undefined) throw new AgentError('TENSOR_EXISTS', { tensor: tensor.id });
    this.#assertNeverEntered(tensor.id);
    this.#entered.add(tensor, now);
    this.#changed();
  }

  /** Forgets the values of a tensor entered by hand. @throws {AgentError} TENSOR_UNKNOWN, TENSOR_FROM_DEVICE */
  remove(id: string, now: EpochMs): void {
    const { device } = this.get(id);
    if (device !== undefined) throw new AgentError('TENSOR_FROM_DEVICE', { tensor: id, device });
    this.#entered.remove(id, now);
    this.#changed();
  }

  /**
   * @param since from when on the data may be used; left out: as agreed to before, else a device's from now on, and
   *   all of what was entered by hand
   * @throws {AgentError} TENSOR_UNKNOWN, SINCE_IN_FUTURE, DEVICE_NOT_KNOWN, CATALOGUE_FULL, CATALOGUE_TOO_LARGE
   */
  publish(id: string, since: EpochMs | undefined, now: EpochMs): void {
    this.#publications.publish(this.#consentTo(id, since, now), now);
    this.#changed();
  }

  /** All tensors as they would be if this one were published so. @throws {AgentError} as `publish` does */
  ifPublished(id: string, since: EpochMs | undefined, now: EpochMs): Tensor[] {
    const consent = this.#consentTo(id, since, now);
    return this.#withPublications([...this.#publications.list().filter(({ tensor }) => tensor !== id), consent]);
  }

  /** What was held is held no longer. */
  dataErased(): void {
    this.#changed();
  }

  /** A device turned out to be another one: its tensors are of another source. */
  sourceChanged(): void {
    this.#changed();
  }

  /** @throws {AgentError} TENSOR_UNKNOWN */
  withdraw(id: string): void {
    this.get(id);
    this.#publications.withdraw(id);
    this.#changed();
  }

  #consentTo(id: string, since: EpochMs | undefined, now: EpochMs): Publication {
    if (since !== undefined && since > now) throw new AgentError('SINCE_IN_FUTURE');
    const all = this.list();
    const tensor = all.find((one) => one.id === id) ?? this.#unknown(id);
    if (tensor.source.device === unknownDevice) {
      throw new AgentError('DEVICE_NOT_KNOWN', { device: tensor.device ?? '', tensor: id });
    }
    assertCatalogueFits(all.filter((one) => one.published || one.id === id));
    const otherwise = tensor.published ? tensor.consentFrom : tensor.device === undefined ? tensor.from : now;
    const { source, quantity } = tensor;
    return { tensor: id, source: source.device, quantity, consentFrom: since ?? otherwise };
  }

  #withPublications(list: readonly Publication[]): Tensor[] {
    const { settings, devices, readings } = this.#parts;
    const publications = new Map(list.map((one) => [one.tensor, one]));
    return [
      ...settings.tensors.map((one) =>
        tensorOfDevice(one, devices.get(one.device), readings, publications.get(one.id)),
      ),
      ...this.#entered.list().map((one) => tensorEntered(one, publications.get(one.id))),
    ].sort((one, other) => (one.id < other.id ? -1 : 1));
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }

  #unknown(id: string): never {
    const names = this.list().map((tensor) => tensor.id);
    const meant = nearest(id, names);
    throw new AgentError('TENSOR_UNKNOWN', { tensor: id, hint: meant === undefined ? '' : `; did you mean ${meant}?` });
  }

  #settingsOf(id: string): TensorSettings | undefined {
    return this.#parts.settings.tensors.find((one) => one.id === id);
  }

  #deviceOf(id: string): DeviceSettings {
    const device = this.#parts.settings.devices.find((one) => one.id === id);
    if (device === undefined) throw new TypeError(`device ${id}: expected a configured one`);
    return device;
  }

  /** No row has 0: that of a device that no agent has run with. */
  #numberOf(device: string): number {
    return this.#parts.devices.get(device)?.number ?? 0;
  }

  #enteredOf(id: string): EnteredTensor {
    const entered = this.#entered.list().find((one) => one.id === id);
    return entered ?? this.#unknown(id);
  }

  #assertNeverEntered(id: string): void {
    const used = this.#entered.isNameUsed(id);
    if (used !== undefined) {
      throw new AgentError(used === 'once' ? 'TENSOR_NAME_SPENT' : 'TENSOR_EXISTS', { tensor: id });
    }
  }

  #untilNow({ values, coverage }: SlotValues, grid: Grid): SlotValues {
    const now = this.#parts.clock.now();
    const isOver = (slot: number) => grid.from + (slot + 1) * grid.step <= now;
    return { values, coverage: coverage.map((one, slot) => (one === 'covered' || isOver(slot) ? one : 'not over')) };
  }

  #cut(id: string, grid: Grid): SlotValues {
    const { from, stepMs, quantity } = this.#enteredOf(id);
    return enteredPerSlot({ from, step: stepMs, values: this.#entered.values(id) }, quantities[quantity].kind, grid);
  }

  #measured(quantity: Quantity, device: number): { quantity: Quantity; measure: Measure } {
    if (quantities[quantity].kind === 'level') return { quantity, measure: 'mean' };
    const isFromPower = isDerived(quantity, device, this.#parts.readings);
    return isFromPower ? { quantity: 'power', measure: 'derived energy' } : { quantity, measure: 'change' };
  }

  #resampled(settings: Pick<TensorSettings, 'device' | 'quantity'>, grid: Grid): SlotValues {
    const gapMs = longestGapOf(this.#deviceOf(settings.device));
    const number = this.#numberOf(settings.device);
    const { quantity, measure } = this.#measured(settings.quantity, number);
    const edges = this.#parts.readings.edges(number, quantity, grid, longestGap(grid, gapMs));
    const { values, coverage } = slotsBetween(measure, edges, grid, gapMs);
    return { values, coverage: coverage.map((one, slot) => (one === 'gap' ? this.#whyGap(grid, slot) : one)) };
  }

  /** Readings are missing: perhaps because nobody knew what time it was. */
  #whyGap({ from, step }: Grid, slot: number): Coverage {
    const start = from + slot * step;
    return this.#doubts.during(start, start + step) ? 'clock' : 'gap';
  }
}
