/**
 * What modbus-serial takes for a serial port: hands it the one answer to its one request, from a line that it does not
 * own. It keeps the contract of the ports that modbus-serial ships (ports/tcpport.js): `isOpen`, `open`, `close`,
 * `write`, the event `data`, and a transaction id per request, by which an answer that comes too late finds nobody.
 */

import { EventEmitter } from 'node:events';
import type { Turn } from '../bus/bus.ts';
import { answerLength, findAnswer } from './rtu-frame.ts';

const transactionIds = 0x100;

interface Pending {
  readonly turn: Turn;
  readonly id: number;
  readonly request: Uint8Array;
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
    this.#pending = { turn, id: this._transactionIdWrite, request: Uint8Array.from(request) };
    this._transactionIdWrite = (this._transactionIdWrite + 1) % transactionIds;
    this.#received = Buffer.alloc(0);
    this.#heard = 0;
    turn.listen((bytes) => this.#hear(bytes));
    turn.send(request);
  }

  #hear(bytes: Uint8Array): void {
    const pending = this.#pending;
    this.#heard += bytes.length;
    if (pending === undefined) {
      this.#turn?.stray();
      return;
    }
    this.#received = Buffer.concat([this.#received, bytes]);
    const search = findAnswer(pending.request, this.#received);
    if (search.found === 'nothing') return;
    this.#pending = undefined;
    if (search.found === 'answer' && search.rest > 0) pending.turn.stray();
    this._transactionIdRead = pending.id;
    this.emit('data', Buffer.from(search.frame));
  }
}
