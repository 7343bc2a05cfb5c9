/**
 * Serves the commands of the agent on a Unix socket that only its user can open.
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { Logger } from 'pino';
import type * as z from 'zod';
import { AgentError, reasonOf, toldBy } from '../errors.ts';
import { type CommandName, commands, type Handlers, isCommand } from './commands.ts';
import { onLines, type Reply, Request, sendLine } from './wire.ts';

export interface ControlServer {
  close(): Promise<void>;
}

/**
 * @param path of the socket; one that a killed agent left behind is replaced, so the data folder has to be held
 * @throws {AgentError} SOCKET_FAILED
 */
export async function serveControl(path: string, handlers: Handlers, log: Logger): Promise<ControlServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    // Whoever hangs up early has no use for the reply.
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    let turn = Promise.resolve();
    onLines(socket, (line) => {
      turn = turn.then(async () => sendLine(socket, await replyTo(line, handlers, log)));
    });
  });
  try {
    rmSync(path, { force: true });
    await listen(server, path);
    chmodSync(path, 0o600);
  } catch (error) {
    server.close();
    throw new AgentError('SOCKET_FAILED', { path, why: reasonOf(error) }, { cause: error });
  }
  return {
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function replyTo(line: string, handlers: Handlers, log: Logger): Promise<Reply> {
  try {
    return { v: 1, gives: (await carryOut(line, handlers)) ?? null };
  } catch (error) {
    const told = toldBy(error);
    if (told !== undefined) return { v: 1, error: told };
    log.error({ err: error }, 'a command failed');
    const { code, message, remedy } = new AgentError('AGENT_FAILED', {
      kind: error instanceof Error ? error.name : typeof error,
    });
    return { v: 1, error: { code, says: message, remedy } };
  }
}

async function carryOut(line: string, handlers: Handlers): Promise<unknown> {
  const { command, asks } = checked(Request, jsonOf(line));
  if (!isCommand(command)) throw new AgentError('REQUEST_MALFORMED', { why: `it knows no command "${command}"` });
  const schema: z.ZodType = commands[command];
  return call(command, checked(schema, asks), handlers);
}

function call(command: CommandName, asks: unknown, handlers: Handlers): unknown {
  // The schema of just this command has let them through.
  return (handlers[command] as (asks: unknown) => unknown)(asks);
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new AgentError('REQUEST_MALFORMED', { why: 'it is not JSON' });
  }
}

function checked<Out>(schema: z.ZodType<Out>, value: unknown): Out {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const at = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.map(String).join('.')}`;
  throw new AgentError('REQUEST_MALFORMED', { why: `${issue?.message ?? 'invalid'}${at}` });
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => resolve());
  });
}
