import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { failures } from '../../../broker/protocol/failures.ts';
import * as messages from '../../../broker/protocol/messages.ts';
import { topics } from '../../../broker/protocol/topics.ts';

const readme = readFileSync('broker/protocol/README.md', 'utf8');

describe('the README of the protocol', () => {
  it('has the rows of the table of topics, no more and no fewer', () => {
    const section = readme.slice(readme.indexOf('## Topics'), readme.indexOf('## Limits'));
    const rows = [...section.matchAll(/^\| `([^`]+)` +\| (\w+) +\| ([\w, ]+?) +\| (yes|no) +\| (.+?) +\|$/gm)];
    const written = rows.map(([, path, from, readBy, retained, payload]) => [path, from, readBy, retained, payload]);
    const built = Object.values(topics).map(({ path, from, readBy, retained, form }) => {
      const row = written.find(([writtenPath]) => writtenPath === path);
      expect(row?.[4], path).toMatch(new RegExp(`, ${form.replace('cbor', 'CBOR').replace('json', 'JSON')}$`));
      return [path, from, readBy.join(', '), retained ? 'yes' : 'no', row?.[4]];
    });
    const byPath = (one: (string | undefined)[], other: (string | undefined)[]) =>
      (one[0] ?? '') < (other[0] ?? '') ? -1 : 1;
    expect(written.toSorted(byPath)).toEqual(built.toSorted(byPath));
  });

  it('has every reason for which a round fails, in the words of the table', () => {
    const section = readme.slice(readme.indexOf('The reasons:'), readme.indexOf('## The vector'));
    const rows = [...section.matchAll(/^\| `([^`]+)` +\| (.+?) +\|$/gm)].map(([, reason, says]) => [reason, says]);
    expect(rows).toEqual(Object.entries(failures).map(([reason, { says }]) => [reason, says]));
  });

  it('names every CBOR message', () => {
    for (const message of Object.values(messages)) {
      if ('encode' in message) expect(readme).toMatch(new RegExp(`\\b${message.type}\\b`));
    }
  });
});
