/**
 * broker/protocol/encodings.md, made of test/vectors/messages.json: every message in hex, each field beside its bytes.
 * Usage: node --import tsx scripts/encodings.ts  writes it anew
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { annotate, annotateSigned } from './vector-cases/annotate.ts';
import { fromHexText, type MessagesFile, parseVectors, type RoundCase } from './vector-cases/format.ts';

const pathOf = (relative: string) => fileURLToPath(new URL(`../${relative}`, import.meta.url));
const written = pathOf('broker/protocol/encodings.md');

export function encodingsText(): string {
  const file = parseVectors(readFileSync(pathOf('test/vectors/messages.json'), 'utf8')) as MessagesFile;
  const [first, second] = file.rounds ?? [];
  if (first === undefined || second === undefined) throw new RangeError('messages.json: expected two rounds');
  return [
    ...head,
    ...signedParts(first),
    ...homeParts(first),
    ...opening(second),
    ...signedJson(file, first),
    ...badCases(file),
  ].join('\n');
}

export function writtenText(): string {
  return readFileSync(written, 'utf8');
}

const head = [
  '# Encodings, byte by byte',
  '',
  'Made of the first round of `test/vectors/messages.json` by `node --import tsx scripts/encodings.ts`; a test keeps it so.',
  'Bytes are hex, a field to a line; what is longer than 32 bytes is cut off here and whole in the file. Message types and',
  'what follows from them are in README.md.',
  '',
];

const block = (title: string, says: string, lines: readonly string[]) => [
  `## ${title}`,
  '',
  ...(says === '' ? [] : [says, '']),
  '```',
  ...lines,
  '```',
  '',
];

function signedParts(of: RoundCase): string[] {
  const part = (title: string, message: string, says: string, name: string) =>
    block(title, says, annotateSigned(fromHexText(message), name));
  const { announce, roster, set } = of;
  return [
    ...part('Agreement key', of.agreement_key.message, 'Signed by the home.', 'agreement-key'),
    ...part('Member list', of.member_list.message, 'Signed by the authority.', 'member-list'),
    ...part('Catalogue', of.catalogue.message, 'Signed by the home.', 'catalogue'),
    ...part('Roster', roster.message, `Roster hash: SHA-256 of the payload, \`${roster.hash}\`.`, 'roster'),
    ...part(
      'Announcement',
      announce.message,
      `Round hash: SHA-256 of \`"wattveil/1/round" ‖ 0x00 ‖ payload\`, \`${announce.round_hash}\`. From it follow R = ${announce.answers}, T = ${announce.threshold}, c = ${announce.collusion}, ${announce.length} integers, ${announce.blocks} blocks.`,
      'announce',
    ),
    ...part(
      'Set',
      set.message,
      `Set hash: SHA-256 of \`"wattveil/1/set" ‖ 0x00 ‖ payload\`, \`${set.set_hash}\`.`,
      'set',
    ),
  ];
}

function homeParts(of: RoundCase): string[] {
  const report = of.reports.find(({ message }) => message !== undefined);
  const [open] = of.opens;
  const answer = of.answers.find(({ message }) => message !== undefined);
  if (report?.message === undefined || open === undefined || answer?.message === undefined) {
    throw new RangeError('messages.json: expected a report, an open request and an answer as sent');
  }
  const plain = (message: string, name: string) => annotate(fromHexText(message), name);
  return [
    ...block(
      `Report of home ${report.index}`,
      `Values ${report.values.join(', ')}; vector ${report.vector.join(', ')}.`,
      plain(report.message, 'report'),
    ),
    ...seal(report),
    ...block('Decline', '', plain(of.decline, 'decline')),
    ...block(`Open request for member ${open.member}`, '', plain(open.message, 'open')),
    ...block(
      `Answer of member ${answer.member}`,
      'Each 8 bytes of sums, little-endian, are r0 + r1 · 2^21 + r2 · 2^42.',
      plain(answer.message, 'answer'),
    ),
    ...block('Complaint', '', plain(of.complaint, 'complaint')),
  ];
}

function seal({ index, salt, seal: steps }: RoundCase['reports'][number]): string[] {
  if (steps === undefined) return [];
  const lines = [
    `${steps.shared_key}  K, X25519 of the two agreement keys`,
    `${salt}  salt`,
    `${steps.info}`,
    '    info: "wattveil/1/share", 00, roster hash, round hash, sender, receiver',
    `${steps.key}  key: first 32 bytes of HKDF-SHA256(K, salt, info)`,
    `${steps.nonce}  nonce: the next 12`,
    `${steps.plain}  share`,
    `${steps.sealed}`,
    '    sealed: ChaCha20-Poly1305(key, nonce, additional data round hash, share), and its tag',
  ];
  return block(`Seal from home ${index} to home ${steps.to}`, '', lines);
}

function opening({ announce, opened, answers, set, homes }: RoundCase): string[] {
  const residues = (sums: string) => {
    const word = fromHexText(sums).readBigUInt64LE(0);
    return [0n, 21n, 42n].map((shift) => (word >> shift) & 0x1fffffn).join(', ');
  };
  const rows = answers.map(
    ({ member, sums }) =>
      `member ${String(member).padStart(2)}  ${sums.slice(0, 16)}  ${residues(sums)}${opened.inconsistent.includes(member) ? '  <- wrong' : ''}`,
  );
  const says = `The second round: ${homes.length} homes, ${fromHexText(set.fields.contributors).toString('hex')} contribute, m = ${answers.length} answer, R = ${announce.answers}, so up to τ = ${opened.tau} wrong one is found: ${opened.inconsistent.join(', ')}. Block 0 of each answer, and its residues:`;
  return block('Opening with an error', says, [...rows, `opened: ${opened.integers.join(', ')}`]);
}

function signedJson({ signed_json: single }: MessagesFile, { result }: RoundCase): string[] {
  const both = [...(single === undefined ? [] : [single]), result];
  return block(
    'Signed JSON',
    'The canonical form that is signed, without `signature`, and the signature, which then becomes that key; Ed25519 over `"wattveil/1/" ‖ type ‖ 0x00 ‖ these bytes`.',
    both.flatMap(({ canonical, signature }) => [canonical, `signature: ${signature}`]),
  );
}

/** Those that differ from a good one in a few bytes are in the file; here is what is wrong with each. */
function badCases({ bad = [] }: MessagesFile): string[] {
  const start = (message: string) =>
    message === '' ? 'the good roster, in another state' : `\`${message.slice(0, 24)}…\``;
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
  const rows = bad.map(
    ({ type, name, why, message }) => `| ${type} | ${cell(name)} | ${cell(why)} | ${cell(start(message))} |`,
  );
  return [
    '## What is refused',
    '',
    'All of these, whole, are under `bad` in the file; each is to be refused in the first round.',
    '',
    '| message | case | what is wrong | begins |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ];
}

if (argv[1] === fileURLToPath(import.meta.url)) writeFileSync(written, encodingsText());
