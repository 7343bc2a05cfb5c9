import { expect, test } from 'vitest';
import { Presence } from '../../../broker/enrolment/presence.ts';
import type { Link, LinkListener } from '../../../broker/mqtt/link.ts';
import { keepingLog } from '../silent-log.ts';

test.each([
  ['an extra key', { v: 1, online: true, since: 1, version: '1', name: 'x' }, 'Unrecognized key: \\"name\\"'],
  ['no version', { v: 1, online: true, since: 1 }, 'version is missing'],
  ['a version of 33 letters', { v: 1, online: true, since: 1, version: 'x'.repeat(33) }, 'version is'],
])('a status with %s does not count, and the log says what is wrong with it', (_, status, why) => {
  let say: LinkListener<'status'> | undefined;
  const link = { on: (_name: string, listener: LinkListener<'status'>) => (say = listener) } as unknown as Link;
  const { log, lines } = keepingLog();
  const presence = new Presence(link, () => true, log);
  void say?.({ home: 'bob' }, Buffer.from(JSON.stringify(status)));
  expect(presence.of('bob')).toBeUndefined();
  expect(lines.join()).toContain(why);
  void say?.({ home: 'bob' }, Buffer.from(JSON.stringify({ v: 1, online: true, since: 1, version: '1' })));
  expect(presence.of('bob')).toEqual({ online: true, since: 1 });
});
