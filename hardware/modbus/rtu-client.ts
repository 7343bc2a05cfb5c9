/**
 * Reads and writes registers and coils of one device over a line: one request, one answer, some more tries. The codec
 * is modbus-serial's; whatever it throws is made one of our errors here. Knows nothing of what registers mean.
 */

import modbus from 'modbus-serial';
import type { Turn } from '../bus/bus.ts';
import { pause, untilCut } from '../bus/pause.ts';
import { HardwareError } from '../errors.ts';
import { RtuPort } from './rtu-port.ts';

export type RegisterKind = 'input' | 'holding';

/** Some registers in a row, asked for at once. */
export interface Block {
  readonly kind: RegisterKind;
  readonly at: number;
  readonly count: number;
}

/** The device as errors name it. */
export interface Party {
  readonly meter: string;
  readonly profile: string;
  readonly port: string;
  readonly address: number;
  /** The speed it has when it is new. */
  readonly delivered: string;
}

type Failure =
  | { readonly kind: 'silent'; readonly ms: number }
  | { readonly kind: 'damaged'; readonly why: string; readonly garbled: boolean }
  | { readonly kind: 'exception'; readonly code: number; readonly why: string };

interface Question<Answer> {
  /** As errors name it. */
  readonly names: string;
  /** What is told apart by nothing but time has the same likeness. */
  readonly likeness: string;
  readonly answerBytes: number;
  readonly put: (codec: InstanceType<typeof modbus.default>) => Promise<Answer>;
}

const requestBytes = 8;
const frameBytes = 5;
/** The operating system's and the adapter's own delays. */
const slackMs = 20;
/** An answer that comes twice does so by then: before, nothing is asked that its second coming would answer. */
const twiceMs = 50;
/** Acknowledge and busy (Modbus application protocol 1.1b3, 7): the device asks for another try. */
const passing = new Set([5, 6]);

export class RtuClient {
  readonly #party: Party;
  readonly #timeoutMs: number | undefined;
  readonly #port = new RtuPort();
  readonly #codec: InstanceType<typeof modbus.default>;
  /** When the device last gave an answer of this kind and length. */
  readonly #answeredAt = new Map<string, number>();

  /** @param timeoutMs how long it may take before it begins to answer; left out, as long as the bus says */
  constructor(party: Party, timeoutMs?: number) {
    this.#party = party;
    this.#timeoutMs = timeoutMs;
    this.#codec = new modbus.default(this.#port);
    this.#codec.setID(party.address);
    // Opens nothing: it makes the codec listen to its port.
    this.#codec.open(() => {});
  }

  /**
   * @param tries at least 1
   * @returns the registers, two bytes each
   * @throws {HardwareError} METER_NO_ANSWER, METER_BAD_FRAME, METER_EXCEPTION, LINE_NOT_QUIET, PORT_GONE
   */
  read(turn: Turn, { kind, at, count }: Block, tries: number): Promise<Buffer> {
    return this.#try(turn, tries, {
      names: `${kind} registers ${hex(at)} to ${hex(at + count - 1)}`,
      likeness: `${kind} ${count}`,
      answerBytes: frameBytes + 2 * count,
      put: async (codec) => {
        const { buffer } = await (kind === 'input'
          ? codec.readInputRegisters(at, count)
          : codec.readHoldingRegisters(at, count));
        return buffer;
      },
    });
  }

  /** @throws as `read` */
  readCoil(turn: Turn, at: number, tries: number): Promise<boolean> {
    return this.#try(turn, tries, {
      names: `coil ${at}`,
      likeness: 'coils',
      answerBytes: frameBytes + 1,
      put: async (codec) => (await codec.readCoils(at, 1)).data[0] === true,
    });
  }

  /** That it was answered does not say that it was done: an adapter may have heard itself. @throws as `read` */
  writeCoil(turn: Turn, at: number, on: boolean, tries: number): Promise<void> {
    return this.#try(turn, tries, {
      names: `to write coil ${at}`,
      likeness: 'write',
      answerBytes: requestBytes,
      put: async (codec) => void (await codec.writeCoil(at, on)),
    });
  }

  /** As `writeCoil`, of a holding register. */
  writeRegister(turn: Turn, at: number, value: number, tries: number): Promise<void> {
    return this.#try(turn, tries, {
      names: `to write register ${hex(at)}`,
      likeness: 'write',
      answerBytes: requestBytes,
      put: async (codec) => void (await codec.writeRegister(at, value)),
    });
  }

  async #try<Answer>(turn: Turn, tries: number, question: Question<Answer>): Promise<Answer> {
    let garbled = true;
    for (let tried = 1; ; tried++) {
      const got = await this.#ask(turn, question);
      if ('answer' in got) return got.answer;
      garbled &&= got.kind === 'damaged' && got.garbled;
      if (!isFinal(got) && tried < tries) continue;
      // Once may be by chance.
      throw this.#error(got, question.names, tried, garbled && tried > 1);
    }
  }

  async #ask<Answer>(
    turn: Turn,
    { likeness, answerBytes, put }: Question<Answer>,
  ): Promise<{ readonly answer: Answer } | Failure> {
    if (turn.framing === 'rtu') await this.#silence(turn, likeness);
    const answerMs = (this.#timeoutMs ?? turn.timeoutMs) + (requestBytes + answerBytes) * turn.charMs + slackMs;
    this.#codec.setTimeout(Math.ceil(answerMs));
    this.#port.attach(turn);
    try {
      const answer = await untilCut(put(this.#codec), turn.cut);
      this.#answeredAt.set(likeness, performance.now());
      return { answer };
    } catch (error) {
      const failure = this.#failureOf(error, Math.ceil(answerMs));
      // A refusal is an answer, whole and sound. In all other cases one may still be under way, unless it bears the
      // number of its question.
      if (turn.framing === 'rtu' && (failure === undefined || !isFinal(failure))) turn.distrust();
      if (failure === undefined || turn.cut.aborted) throw error;
      return failure;
    } finally {
      this.#port.detach();
    }
  }

  async #silence(turn: Turn, likeness: string): Promise<void> {
    const askableAt = (this.#answeredAt.get(likeness) ?? Number.NEGATIVE_INFINITY) + twiceMs;
    if (askableAt > performance.now()) await pause(askableAt - performance.now(), turn.cut);
    await turn.silence();
  }

  /** What modbus-serial throws is partly no `Error`, and told apart by words alone. Ours pass: undefined. */
  #failureOf(thrown: unknown, ms: number): Failure | undefined {
    if (thrown instanceof HardwareError) return undefined;
    const { message, errno, modbusCode } = Object(thrown) as { message?: string; errno?: string; modbusCode?: number };
    if (modbusCode !== undefined) {
      return { kind: 'exception', code: modbusCode, why: String(message).replace(/^Modbus exception /, 'exception ') };
    }
    if (errno === 'ETIMEDOUT') {
      const { heard } = this.#port;
      if (heard === 0) return { kind: 'silent', ms };
      return { kind: 'damaged', why: `${heard} bytes that are no answer`, garbled: false };
    }
    return { kind: 'damaged', why: message ?? String(thrown), garbled: this.#port.garbled };
  }

  #error(failure: Failure, request: string, tries: number, garbled: boolean): HardwareError {
    const details = { ...this.#party, tries };
    switch (failure.kind) {
      case 'silent':
        return new HardwareError('METER_NO_ANSWER', { ...details, ms: failure.ms });
      case 'damaged':
        return new HardwareError(garbled ? 'METER_ADDRESS_TWICE' : 'METER_BAD_FRAME', {
          ...details,
          why: failure.why,
        });
      case 'exception':
        return new HardwareError('METER_EXCEPTION', {
          ...details,
          request,
          why: failure.why,
          exception: failure.code,
        });
    }
  }
}

function isFinal(failure: Failure): boolean {
  return failure.kind === 'exception' && !passing.has(failure.code);
}

function hex(at: number): string {
  return `0x${at.toString(16).toUpperCase().padStart(2, '0')}`;
}
