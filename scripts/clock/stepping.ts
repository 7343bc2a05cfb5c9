/**
 * Stepping the time of several processes together: one driver on a Unix socket, and a clock in each process
 * that stands until the driver steps it. For the demo and the tests.
 *
 * The driver writes `{"to": ms}`; the process does all work due up to then, in order of time, and answers
 * `{"at": ms}`. Processes of a lower rank are stepped first: meters before the agents that read them.
 */
import { connect as connectTo, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { type Clock, type EpochMs, epochMs, SteppedClock } from '../../broker/protocol/clock.ts';

export type Rank = 'meters' | 'agents' | 'broker';
const ranks: readonly Rank[] = ['meters', 'agents', 'broker'];

export interface Driver {
  now(): EpochMs;
  /** Every process of every rank has done all its work up to `to` when this resolves. */
  stepTo(to: EpochMs): Promise<void>;
  close(): Promise<void>;
}

interface Follower {
  readonly rank: Rank;
  step(to: EpochMs): Promise<void>;
}

/** @param path where the socket is made; processes join at any time and get the time as it is then */
export async function driveClocks(path: string, start: EpochMs): Promise<Driver> {
  let now = start;
  const followers = new Set<Follower>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let follower: Follower | undefined;
    let arrived: (() => void) | undefined;
    const leave = () => {
      sockets.delete(socket);
      if (follower !== undefined) followers.delete(follower);
      // A process that ends in the middle of a step is not waited for.
      arrived?.();
    };
    socket.on('close', leave).on('error', () => socket.destroy());
    createInterface(socket).on('line', (line) => {
      const message = JSON.parse(line) as { rank?: Rank; at?: number };
      if (message.rank !== undefined) {
        follower = {
          rank: message.rank,
          step: (to) =>
            new Promise<void>((resolve) => {
              arrived = resolve;
              socket.write(`${JSON.stringify({ to })}\n`);
            }),
        };
        followers.add(follower);
        socket.write(`${JSON.stringify({ now })}\n`);
      } else {
        arrived?.();
      }
    });
  });
  await listen(server, path);
  return {
    now: () => now,
    async stepTo(to) {
      for (const rank of ranks) {
        await Promise.all([...followers].filter((one) => one.rank === rank).map((one) => one.step(to)));
      }
      now = to;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

export interface FollowedClock extends Clock {
  close(): void;
}

/**
 * A clock that the driver at `path` steps. Resolves once the time is known. When the driver is gone time stands still
 * for ever: the process is told to end, so that a play that was killed leaves nobody behind.
 */
export function followClock(path: string, rank: Rank): Promise<FollowedClock> {
  return new Promise((resolve, reject) => {
    const socket = connectTo(path);
    let clock: SteppedClock | undefined;
    let followed = true;
    socket.on('error', reject);
    socket.on('close', () => {
      if (followed && clock !== undefined) process.kill(process.pid, 'SIGTERM');
    });
    socket.on('connect', () => socket.write(`${JSON.stringify({ rank })}\n`));
    createInterface(socket).on('line', (line) => {
      const message = JSON.parse(line) as { now?: number; to?: number };
      if (message.now !== undefined) {
        const stepped = new SteppedClock(epochMs(message.now));
        clock = stepped;
        resolve({
          now: () => stepped.now(),
          at: (at, work) => stepped.at(at, work),
          close() {
            followed = false;
            socket.destroy();
          },
        });
      } else if (message.to !== undefined) {
        const to = epochMs(message.to);
        clock?.stepTo(to).then(
          () => socket.write(`${JSON.stringify({ at: to })}\n`),
          (error: unknown) => {
            // Work that fails must end the play, not be stepped over.
            socket.destroy();
            throw error;
          },
        );
      }
    });
  });
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => resolve());
  });
}
