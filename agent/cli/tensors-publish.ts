/**
 * `wattveil tensors publish|withdraw`: first shown what the utility will see, then done.
 */
import { type Command, Option } from 'commander';
import type { Clock } from '../../broker/protocol/clock.ts';
import type { PublicationPreview } from '../control/commands.ts';
import type { WrittenInstant } from '../tensors/local-instant.ts';
import { instantArgument, instantOf } from './arguments.ts';
import { type AgentOptions, atAgent, orError, withConfig } from './at-agent.ts';
import { isAgreed } from './confirm.ts';
import { jsonText, local, plain, print } from './print.ts';

interface PublishOptions extends AgentOptions {
  readonly yes?: boolean;
  readonly since?: WrittenInstant;
}

const yes = ['-y, --yes', 'do not ask; away from a terminal nobody is asked'] as const;

const beforeEnrolment = `Its data begins before this home was enrolled from this data folder. Another gateway of this home may have released
those hours, and they would be in a second sum: if there was one, use --since the change, or restore its backup
(wattveil restore). If this is the home's first gateway, all is well.`;

export function publishCommand(group: Command, clock: Clock): void {
  withConfig(group.command('publish').description('let a tensor be summed with those of other homes'))
    .argument('<name>', 'of the tensor')
    .addOption(
      new Option('--since <instant>', 'from when on its data may be used (default: a device’s from now on)').argParser(
        instantArgument,
      ),
    )
    .option(...yes)
    .addHelpText(
      'after',
      `
Shows first what the coordinator will see of it: its name, tags, description, unit, capacity and how much data there
is, never a value. Values leave the house only inside a sum over at least policy.minContributors homes, and only while
sharing is on (wattveil share on). What was entered by hand may be used whole.

A new gateway without the backup of the one before it does not know which hours that one has released. Publish no data
from before the new one was enrolled, nor enter it by hand: what has been in a sum would be in a second one.

Examples:
  wattveil tensors publish fridge
  wattveil tensors publish fridge --since 2026-11-01 --yes`,
    )
    .action((id: string, options: PublishOptions) =>
      orError({}, async () => {
        const since = options.since && instantOf(options.since);
        const asks = { id, ...(since !== undefined && { since }) };
        const preview = await atAgent(options, clock, 'tensors preview', { ...asks, publish: true });
        print(`What the utility will see of ${id}, and nothing else:\n${entryText(preview)}`);
        if (preview.beforeEnrolment) print(beforeEnrolment);
        if (!(await isAgreed('Publish it?', options))) return print('Nothing is published.');
        const tensor = await atAgent(options, clock, 'tensors publish', asks);
        print(`${id} is published; its data from ${local(tensor.consentFrom ?? 0)} on may be used in sums.`);
      }),
    );
}

export function withdrawCommand(group: Command, clock: Clock): void {
  withConfig(group.command('withdraw').description('publish a tensor no longer'))
    .argument('<name>', 'of the tensor')
    .option(...yes)
    .addHelpText(
      'after',
      `
From now on no round gets anything of it. What was summed before stays summed.

Example:
  wattveil tensors withdraw fridge`,
    )
    .action((id: string, options: PublishOptions) =>
      orError({}, async () => {
        const { others } = await atAgent(options, clock, 'tensors preview', { id, publish: false });
        print(`What the utility will still see: ${others.length === 0 ? 'nothing' : others.map(plain).join(', ')}`);
        if (!(await isAgreed(`Withdraw ${id}?`, options))) return print('Nothing is withdrawn.');
        await atAgent(options, clock, 'tensors withdraw', { id });
        print(`${id} is not published any more. That it was there, the utility has seen.`);
      }),
    );
}

function entryText({ entry }: PublicationPreview): string {
  return jsonText(entry)
    .split('\n')
    .map((line) => `  ${plain(line)}`)
    .join('\n');
}
