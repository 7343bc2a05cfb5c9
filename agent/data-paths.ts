/**
 * Where in its data folder an agent keeps what others ask for.
 */
import { join } from 'node:path';
import { AgentError } from './errors.ts';

/** On a socket's path, with its end, in struct sockaddr_un. */
const longestSocketPath = process.platform === 'linux' ? 107 : 103;

export const databasePath = (dataDir: string) => join(dataDir, 'agent.db');

/** @throws {AgentError} SOCKET_PATH_TOO_LONG: the system would cut the path off, or say nothing but EINVAL */
export function socketPath(dataDir: string): string {
  const path = join(dataDir, 'agent.sock');
  const bytes = Buffer.byteLength(path);
  if (bytes > longestSocketPath) {
    throw new AgentError('SOCKET_PATH_TOO_LONG', { path, bytes, limit: longestSocketPath });
  }
  return path;
}
