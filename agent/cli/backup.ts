/**
 * `wattveil backup`, `wattveil restore`: one file that a lost gateway can go on from.
 */
import { existsSync, statSync } from 'node:fs';
import type { Command } from 'commander';
import type { Clock } from '../../broker/protocol/clock.ts';
import { databasePath } from '../data-paths.ts';
import { AgentError } from '../errors.ts';
import { type AgentOptions, configOf, orError, withConfig } from './at-agent.ts';
import { print } from './print.ts';

export function backupCommand(program: Command): void {
  withConfig(program.command('backup <file>').description('copy all of this home into one file, while the agent runs'))
    .addHelpText(
      'after',
      `
Readings, tensors, ledger, enrolment, the identity key and agent.yaml. Whoever has the file can see all that this home
has measured, and pass for it: keep it where nobody else reads it. It holds no agreement key, so nothing that others
have sealed for this home can be opened with it.

Example:
  wattveil backup /media/stick/bob-2026-11-24.backup`,
    )
    .action((file: string, options: AgentOptions) =>
      orError({}, async () => {
        const { makeBackup } = await import('../backup.ts');
        makeBackup(await configOf(options), file);
        print(`${file}: ${Math.ceil(statSync(file).size / 1000)} kB. Keep it where nobody else reads it.`);
      }),
    );
}

export function restoreCommand(program: Command, clock: Clock): void {
  withConfig(program.command('restore <file>').description('go on from a backup; the agent must not run'))
    .option('--force', 'also where there is a database already: it is replaced')
    .addHelpText(
      'after',
      `
Where there is no configuration yet, that of the backup is written to --config. What was released since the backup was
made is not known any more, so nothing from before now is ever released again; a new agreement key is made at the next
start.

Example:
  wattveil restore /media/stick/bob-2026-11-24.backup --config agent.yaml
  wattveil agent run`,
    )
    .action((file: string, options: AgentOptions & { force?: boolean }) =>
      orError({}, async () => print(await restore(file, options, clock))),
    );
}

async function restore(file: string, options: AgentOptions & { force?: boolean }, clock: Clock): Promise<string> {
  const [{ readBackup, restoreBackup }, { holdDataFolder }, { noteRestore }, { writePrivate }] = await Promise.all([
    import('../backup.ts'),
    import('../data-folder.ts'),
    import('../store/restores.ts'),
    import('../private-file.ts'),
  ]);
  const backup = readBackup(file);
  if (!existsSync(options.config)) writePrivate(options.config, backup.config);
  const { dataDir, path, home } = await configOf(options);
  if (home !== backup.home) throw new AgentError('BACKUP_OTHER_HOME', { file, found: backup.home, home });
  const folder = holdDataFolder(dataDir);
  try {
    if (existsSync(databasePath(dataDir)) && options.force !== true) {
      throw new AgentError('RESTORE_OVER_DATA', { path: dataDir });
    }
    restoreBackup(backup, dataDir, (database) => noteRestore(database, { at: clock.now(), cause: 'backup' }));
  } finally {
    folder.release();
  }
  return `${dataDir} goes on from ${file}: nothing from before now is released any more. Start it: wattveil agent run --config ${path}`;
}
