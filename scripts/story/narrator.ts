/** How the story is told on a terminal: chapters, sentences, commands, and what they print. */
import { styleText } from 'node:util';

let chapters = 0;

export function chapter(title: string): void {
  chapters += 1;
  print(`\n${styleText('bold', `${chapters}. ${title}`)}\n`);
}

export function say(text: string): void {
  print(text);
}

/** A command as it is typed; the option that names the configuration or the broker is left out. */
export function command(who: string, words: readonly string[]): void {
  const typed = words.map((word) => (/^[\w./:#=+-]+$/.test(word) && !word.startsWith('#') ? word : `'${word}'`));
  print(styleText('cyan', `${who}$ wattveil ${typed.join(' ')}`));
}

export function quote(text: string): void {
  for (const line of text.trimEnd().split('\n')) print(line === '' ? '' : `    ${line}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
