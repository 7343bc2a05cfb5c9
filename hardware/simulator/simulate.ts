/**
 * Plays a household file until the process is told to end.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { HardwareError } from '../errors.ts';
import { agentYaml } from './agent-yaml.ts';
import { startHousehold } from './household.ts';
import { Household } from './household-schema.ts';

/** @throws {HardwareError} HOUSEHOLD_INVALID, PORT_* */
export async function simulate(file: string, now: () => number): Promise<void> {
  const household = readHousehold(file);
  const folder = dirname(resolve(file));
  const ended = new Promise<void>((done) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => done());
  });
  const running = await startHousehold(household, folder, now);
  process.stdout.write(agentYaml(household, folder));
  process.stderr.write('The household runs until Ctrl-C. What is above goes into an agent.yaml.\n');
  await ended;
  await running.close();
}

/** @throws {HardwareError} HOUSEHOLD_INVALID */
export function readHousehold(file: string): Household {
  const fail = (why: string, cause?: unknown) => new HardwareError('HOUSEHOLD_INVALID', { file, why }, { cause });
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw fail(error instanceof Error ? error.message : String(error), error);
  }
  const document = parseDocument(text);
  const [mistake] = document.errors;
  if (mistake !== undefined) throw fail(mistake.message.trim(), mistake);
  const result = Household.safeParse(document.toJS());
  if (result.success) return result.data;
  // A misspelt key is often the cause of what else is wrong.
  const { issues } = result.error;
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  throw fail(`${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'invalid'}`);
}
