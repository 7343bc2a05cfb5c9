import { existsSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findAgent } from '../../../agent/control/client.ts';
import type { Handlers } from '../../../agent/control/commands.ts';
import { type ControlServer, serveControl } from '../../../agent/control/server.ts';
import { keepingLog, silentLog } from '../../broker/silent-log.ts';
import { temporaryFolder } from '../made-agent.ts';

let folder: { folder: string; remove: () => void };
let path: string;
let server: ControlServer | undefined;

beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder.folder, 'agent.sock');
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  folder.remove();
});

/** Those of them that a test calls. */
const handlers = {
  ledger: () => [],
  share: async ({ on }) => {
    await new Promise((resolve) => setTimeout(resolve, on ? 50 : 0));
    return { on };
  },
  'tariff show': () => {
    throw new TypeError('a mistake of ours, in which 123456 is a reading');
  },
  'tensors remove': () => null,
} satisfies Partial<Handlers> as unknown as Handlers;

async function serve(log = silentLog): Promise<void> {
  server = await serveControl(path, handlers, log);
}

/** What comes back on one connection to lines as they are, until there are so many replies or it is hung up. */
function raw(text: string, replies: number): Promise<string[]> {
  return new Promise((resolve) => {
    let heard = '';
    const socket = connect(path, () => socket.write(text));
    const lines = () => heard.split('\n').slice(0, -1);
    socket.on('data', (chunk) => {
      heard += chunk.toString();
      if (lines().length >= replies) socket.destroy();
    });
    socket.on('error', () => {}).on('close', () => resolve(lines()));
  });
}

describe("the agent's socket", () => {
  it('can be opened by its user alone, and is gone when it is closed', async () => {
    await serve();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await server?.close();
    server = undefined;
    expect(existsSync(path)).toBe(false);
  });

  it('takes the place of one that a killed agent left behind', async () => {
    writeFileSync(path, '');
    await serve();
    const agent = await findAgent(path);
    expect(await agent?.ask('ledger', {})).toEqual([]);
    agent?.close();
  });

  it('answers several requests of one connection in turn', async () => {
    await serve();
    const agent = await findAgent(path);
    const [slow, quick, last] = await Promise.all([
      agent?.ask('share', { on: true }),
      agent?.ask('share', { on: false }),
      agent?.ask('tensors remove', { id: 'x' }),
    ]);
    expect([slow, quick, last]).toEqual([{ on: true }, { on: false }, null]);
    agent?.close();
  });

  it.each([
    ['what is not JSON', 'hello', /it is not JSON/],
    ['another version', '{"v":2,"command":"ledger","asks":{}}', /v/],
    ['a command it does not know', '{"v":1,"command":"burn","asks":{}}', /knows no command "burn"/],
    ['a command of every object', '{"v":1,"command":"constructor","asks":{}}', /knows no command/],
    ['a key too many', '{"v":1,"command":"ledger","asks":{"all":true}}', /Unrecognized key/],
    ['a value of the wrong kind', '{"v":1,"command":"share","asks":{"on":"yes"}}', /expected boolean/],
    ['nothing to ask for', '{"v":1,"command":"share"}', /at asks/],
  ])('refuses %s, and goes on', async (_, line, says) => {
    await serve();
    const [refused, next] = await raw(`${line}\n{"v":1,"command":"ledger","asks":{}}\n`, 2);
    const { error } = JSON.parse(refused ?? '') as { error: { code: string; says: string; remedy: string } };
    expect(error).toMatchObject({ code: 'REQUEST_MALFORMED', says: expect.stringMatching(says) });
    expect(JSON.parse(next ?? '')).toEqual({ v: 1, gives: [] });
  });

  it('hangs up on a line without end, and goes on', async () => {
    await serve();
    expect(await raw('x'.repeat(5 * 1024 * 1024), 1)).toEqual([]);
    expect(await raw('{"v":1,"command":"ledger","asks":{}}\n', 1)).toHaveLength(1);
  });

  it('tells of a mistake of its own without its text, which goes to the log', async () => {
    const { log, lines } = keepingLog();
    await serve(log);
    const agent = await findAgent(path);
    await expect(agent?.ask('tariff show', {})).rejects.toMatchObject({
      code: 'AGENT_FAILED',
      message: expect.not.stringContaining('123456'),
    });
    expect(lines.join()).toContain('TypeError');
    agent?.close();
  });
});

describe('whoever asks', () => {
  it('hears that no agent runs: neither a socket nor one that listens', async () => {
    expect(await findAgent(path)).toBeUndefined();
    await serve();
    await server?.close();
    server = undefined;
    expect(await findAgent(path)).toBeUndefined();
  });

  it('does not wait for ever', async () => {
    await serve();
    const agent = await findAgent(path);
    const asked = agent?.ask('share', { on: true }, { timeoutMs: 5 });
    await expect(asked).rejects.toMatchObject({ code: 'AGENT_NO_ANSWER' });
    agent?.close();
  });

  it('hears when the agent hangs up', async () => {
    await serve();
    const agent = await findAgent(path);
    const asked = agent?.ask('share', { on: true });
    await server?.close();
    server = undefined;
    await expect(asked).rejects.toMatchObject({ code: 'AGENT_NO_ANSWER', message: expect.stringContaining('hung up') });
  });
});
