/**
 * Asks the running agent, over its socket.
 */
import { connect, type Socket } from 'node:net';
import { AgentError, reasonOf, ToldError } from '../errors.ts';
import type { Asks, CommandName, Gives } from './commands.ts';
import { onLines, type Reply, sendLine } from './wire.ts';

export interface Agent {
  /** @throws {ToldError} whatever the agent says; {AgentError} AGENT_NO_ANSWER */
  ask<Name extends CommandName>(command: Name, asks: Asks<Name>, options?: AskOptions): Promise<Gives[Name]>;
  close(): void;
}

export interface AskOptions {
  /** Real time. Left out: as long as an agent that works may take. */
  readonly timeoutMs?: number;
}

const usualTimeoutMs = 30_000;

/**
 * @returns undefined where no agent listens
 * @throws {AgentError} AGENT_NO_ANSWER
 */
export async function findAgent(path: string): Promise<Agent | undefined> {
  let socket: Socket;
  try {
    socket = await open(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return undefined;
    throw new AgentError('AGENT_NO_ANSWER', { path, why: reasonOf(error) }, { cause: error });
  }
  const replies = new Replies(socket, path);
  return {
    async ask<Name extends CommandName>(command: Name, asks: Asks<Name>, options: AskOptions = {}) {
      const reply = replies.next(options.timeoutMs ?? usualTimeoutMs);
      sendLine(socket, { v: 1, command, asks });
      const told = await reply;
      if ('error' in told) throw new ToldError(told.error);
      return told.gives as Gives[Name];
    },
    close: () => socket.destroy(),
  };
}

/** Requests are answered in turn, so the next reply is the one to the oldest request. */
class Replies {
  readonly #path: string;
  readonly #waiting: { resolve: (reply: Reply) => void; reject: (error: Error) => void }[] = [];

  constructor(socket: Socket, path: string) {
    this.#path = path;
    onLines(socket, (line) => this.#waiting.shift()?.resolve(JSON.parse(line) as Reply));
    socket.on('close', () => this.#give('it hung up'));
    socket.on('error', () => socket.destroy());
  }

  next(timeoutMs: number): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#give(`nothing came within ${timeoutMs} ms`), timeoutMs);
      this.#waiting.push({
        resolve: (reply) => {
          clearTimeout(timer);
          resolve(reply);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
    });
  }

  #give(why: string): void {
    for (const { reject } of this.#waiting.splice(0))
      reject(new AgentError('AGENT_NO_ANSWER', { path: this.#path, why }));
  }
}

function open(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('error', reject);
    socket.once('connect', () => resolve(socket.off('error', reject)));
  });
}
