/**
 * Asks the person at the terminal.
 */
import { createInterface } from 'node:readline/promises';

/** Whether somebody sits there who can be asked. */
export function isAtTerminal(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true;
}

/** Nobody is asked who has said so already, or who is not there. */
export async function isAgreed(question: string, { yes = false }: { readonly yes?: boolean }): Promise<boolean> {
  if (yes || !isAtTerminal()) return true;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
