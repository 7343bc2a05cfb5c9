/**
 * How commands go over the agent's socket: one JSON object a line, a reply to each request in turn.
 */
import type { Socket } from 'node:net';
import * as z from 'zod';
import type { Told } from '../errors.ts';

export const Request = z.strictObject({ v: z.literal(1), command: z.string(), asks: z.unknown() });
export type Request = z.infer<typeof Request>;

export type Reply = { readonly v: 1; readonly gives: unknown } | { readonly v: 1; readonly error: Told };

/** Ten thousand values with their places; nobody who means well sends more. */
const longestLine = 4 * 1024 * 1024;

export function sendLine(socket: Socket, line: Request | Reply): void {
  socket.write(`${JSON.stringify(line)}\n`);
}

/** Calls `hear` with each line. A line without end closes the connection. */
export function onLines(socket: Socket, hear: (line: string) => void): void {
  let parts: string[] = [];
  let length = 0;
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    const [first = '', ...rest] = text.split('\n');
    parts.push(first);
    length += first.length;
    for (const next of rest) {
      hear(parts.join(''));
      parts = [next];
      length = next.length;
    }
    if (length > longestLine) socket.destroy();
  });
}
