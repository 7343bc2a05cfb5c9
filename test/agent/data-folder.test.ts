import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holdDataFolder, notAnswering } from '../../agent/data-folder.ts';
import { socketPath } from '../../agent/data-paths.ts';
import { temporaryFolder } from './made-agent.ts';
import { codeOf } from './policy/code-of.ts';

let folder: { folder: string; remove: () => void };
let dataDir: string;
beforeEach(() => {
  folder = temporaryFolder();
  dataDir = join(folder.folder, 'bob');
});
afterEach(() => folder.remove());

/** Another process that holds the folder, until it is killed. */
async function holder(): Promise<{ pid: number; kill(): Promise<void> }> {
  const script = `import { holdDataFolder } from '${new URL('../../agent/data-folder.ts', import.meta.url)}';
    holdDataFolder(${JSON.stringify(dataDir)}); console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script]);
  await once(child.stdout, 'data');
  return {
    pid: child.pid ?? -1,
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

describe('where nobody answers', () => {
  const code = () => notAnswering({ dataDir, path: 'agent.yaml' }).code;

  it('nobody runs if nobody holds the folder, also where there is none yet', () => {
    expect(code()).toBe('AGENT_NOT_RUNNING');
    expect(existsSync(dataDir)).toBe(false);
    holdDataFolder(dataDir).release();
    expect(code()).toBe('AGENT_NOT_RUNNING');
    holdDataFolder(dataDir).release();
  });

  it('somebody starts, or waits for the disk, if it is held', async () => {
    const other = await holder();
    const { message } = notAnswering({ dataDir, path: 'agent.yaml' });
    expect(code()).toBe('AGENT_NOT_READY');
    expect(message).toContain(`process ${other.pid}`);
    await other.kill();
    expect(code()).toBe('AGENT_NOT_RUNNING');
  });
});

describe('the data folder', () => {
  it('is made closed to others, with all folders above it', () => {
    dataDir = join(folder.folder, 'var/lib/bob');
    holdDataFolder(dataDir).release();
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
  });

  it('is closed if it was made by hand, as long as nothing else is in it', () => {
    mkdirSync(dataDir, { mode: 0o755 });
    holdDataFolder(dataDir).release();
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    chmodSync(dataDir, 0o750);
    holdDataFolder(dataDir).release();
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
  });

  it('is refused where others may look in and other things lie: it is not ours to close', () => {
    mkdirSync(dataDir, { mode: 0o755 });
    writeFileSync(join(dataDir, 'holiday.jpg'), '');
    expect(() => holdDataFolder(dataDir)).toThrow(/others on this machine may look into .*bob \(mode 755\)/);
    expect(statSync(dataDir).mode & 0o777).toBe(0o755);
    chmodSync(dataDir, 0o700);
    holdDataFolder(dataDir).release();
  });

  it('is refused where it cannot be made', () => {
    writeFileSync(dataDir, 'a file');
    expect(codeOf(() => holdDataFolder(dataDir))).toBe('DATA_FOLDER_UNUSABLE');
    expect(codeOf(() => holdDataFolder(join(dataDir, 'below')))).toBe('DATA_FOLDER_UNUSABLE');
  });

  it('is held by one agent at a time, in one process too', () => {
    const held = holdDataFolder(dataDir);
    expect(codeOf(() => holdDataFolder(dataDir))).toBe('DATA_FOLDER_IN_USE');
    held.release();
    holdDataFolder(dataDir).release();
  });

  it('names the process that holds it, and is free as soon as that one is killed', async () => {
    const other = await holder();
    expect(() => holdDataFolder(dataDir)).toThrow(new RegExp(`already: process ${other.pid}$`));
    await other.kill();
    holdDataFolder(dataDir).release();
  });

  it('has a place for its socket only where the path is short enough for one', () => {
    expect(socketPath('/var/lib/wattveil')).toBe('/var/lib/wattveil/agent.sock');
    expect(() => socketPath(`/${'long/'.repeat(20)}`)).toThrow(/has 111 bytes, the system takes \d+/);
    expect(codeOf(() => socketPath(`/${'é'.repeat(60)}`))).toBe('SOCKET_PATH_TOO_LONG');
  });
});
