/** The version of this package, as package.json has it. */
import { readFileSync } from 'node:fs';

/** From scripts/ in a checkout, from dist/scripts/ when compiled. */
const places = ['../package.json', '../../package.json'];

function readVersion(): string {
  for (const place of places) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8')) as Record<
        string,
        string
      >;
      if (name === 'wattveil' && version !== undefined) return version;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  throw new Error('package.json of wattveil was not found beside the program');
}

export const version = readVersion();
