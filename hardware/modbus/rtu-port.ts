/**
 * What modbus-serial takes for a serial port: hands it the one answer to its one request, from a line that it does not
 * own. It keeps the contract of the ports that modbus-serial ships (ports/tcpport.js): `isOpen`, `open`, `close`,
 * `write`, the event `data`, and a transaction id per request, by which an answer that comes too late finds nobody.
 */

import { EventEmitter } from 'node:events';
import type { Turn } from '../bus/bus.ts';
import { findMbapAnswer, toMbap } from './mbap.ts';
import { answerLength, beginsAsAnswer, echoLength, findAnswer } from './rtu-frame.ts';

const transactionIds = 0x100;
/** A damaged answer is listened to until it has ended: what comes behind it tells whether another device spoke. */
const damagedQuietMs = 30;

interface Pending {
  readonly turn: Turn;
  readonly id: number;
  readonly request: Uint8Array;
  /** Of the question, where the line tells them apart by numbers. */
  readonly number: number;
  damaged?: { readonly frame: Uint8Array; readonly timer: NodeJS.Timeout };
}

export class RtuPort extends EventEmitter {
  // Names and values as modbus-serial reads and sets them.
  _transactionIdWrite = 1;
  _transactionIdRead = 1;
  readonly isOpen = true;

  #turn: Turn | undefined;
  #pending: Pending | undefined;
  #received = Buffer.alloc(0);
  #heard = 0;
  #garbled = false;

  /** Whether the last answer began right, was damaged, and longer than an answer is: two devices at once. */
  get garbled(): boolean {
    return this.#garbled;
  }

  /** Bytes that came in since the last request, whatever they were. */
  get heard(): number {
    return this.#heard;
  }

  /** Whose line the next request goes to. */
  attach(turn: Turn): void {
    this.#turn = turn;
  }

  /** Gives the line back: an answer that comes now finds nobody. */
  detach(): void {
    this.#turn?.listen(undefined);
    this.#turn = undefined;
    clearTimeout(this.#pending?.damaged?.timer);
    this.#pending = undefined;
  }

  open(callback: (error: Error | null) => void): void {
    callback(null);
  }

  close(callback: (error: Error | null) => void): void {
    callback(null);
  }

  write(request: Buffer): void {
    const turn = this.#turn;
    if (turn === undefined) throw new Error('a request without a turn');
    if (answerLength(request) === 0) throw new Error(`no answer is known for function ${request[1]}`);
    const number = turn.framing === 'tcp' ? turn.number() : 0;
    this.#pending = { turn, id: this._transactionIdWrite, request: Uint8Array.from(request), number };
    this._transactionIdWrite = (this._transactionIdWrite + 1) % transactionIds;
    this.#received = Buffer.alloc(0);
    this.#heard = 0;
    this.#garbled = false;
    turn.listen((bytes) => this.#hear(bytes));
    turn.send(turn.framing === 'tcp' ? toMbap(request, number) : request);
  }

  #hear(bytes: Uint8Array): void {
    const pending = this.#pending;
    this.#heard += bytes.length;
    if (pending === undefined) {
      this.#turn?.stray();
      return;
    }
    this.#received = Buffer.concat([this.#received, bytes]);
    if (pending.turn.framing === 'tcp') {
      const answer = findMbapAnswer(pending.request, pending.number, this.#received);
      if (answer) this.#give(pending, answer);
      return;
    }
    this.#search(pending);
  }

  #search(pending: Pending): void {
    const { turn, request } = pending;
    const search = findAnswer(request, this.#received, turn.echoes());
    if (search.found === 'nothing') return;
    if (echoLength(request, this.#received, false) > 0) turn.heardEcho();
    if (search.found === 'damaged') {
      clearTimeout(pending.damaged?.timer);
      const timer = setTimeout(() => this.#giveDamaged(pending, search.frame), damagedQuietMs);
      pending.damaged = { frame: search.frame, timer };
      return;
    }
    clearTimeout(pending.damaged?.timer);
    if (search.rest > 0) turn.stray();
    this.#give(pending, search.frame);
  }

  #giveDamaged(pending: Pending, frame: Uint8Array): void {
    this.#garbled = beginsAsAnswer(pending.request, this.#received) && this.#received.length > frame.length + 1;
    this.#give(pending, frame);
  }

  #give({ id }: Pending, frame: Uint8Array): void {
    this.#pending = undefined;
    this._transactionIdRead = id;
    this.emit('data', Buffer.from(frame));
  }
}
