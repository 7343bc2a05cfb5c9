/**
 * Every MQTT topic: who publishes it, who reads it, what it carries. One table.
 * Subscriptions, documentation and access rules are read off these rows.
 */
import type * as z from 'zod';
import { EnrolmentReply, EnrolmentRequest, Result, Status, Tariff } from './json-messages.ts';
import type { Message } from './message.ts';
import { AgreementKey, Announce, Answer, Catalogue, Complaint, Decline, Open, Report, Roster } from './messages.ts';
import { OperatorReply, OperatorRequest } from './operator.ts';

export type Party = 'home' | 'cohort' | 'coordinator' | 'authority' | 'operator';

export interface Topic {
  /** Below the prefix; `{name}` is one level. */
  readonly path: string;
  readonly from: Party;
  readonly readBy: readonly Party[];
  readonly retained: boolean;
  /** How the payload is written: a CBOR message, one inside a signed envelope, JSON, or signed JSON. */
  readonly form: 'cbor' | 'signed cbor' | 'json' | 'signed json';
  readonly payload: Message<string, never> | z.ZodType;
}

const topic = <const T extends Topic>(row: T): T => row;
const cbor = (message: { type: string }): Message<string, never> => message as Message<string, never>;

export const topics = {
  roster: topic({
    path: 'cohorts/{cohort}/rosters/{hash}',
    from: 'coordinator',
    readBy: ['cohort'],
    retained: true,
    form: 'signed cbor',
    payload: cbor(Roster),
  }),
  round: topic({
    path: 'cohorts/{cohort}/rounds/{round}',
    from: 'coordinator',
    readBy: ['cohort'],
    retained: true,
    form: 'signed cbor',
    payload: cbor(Announce),
  }),
  result: topic({
    path: 'cohorts/{cohort}/results/{round}',
    from: 'coordinator',
    readBy: ['cohort', 'operator'],
    retained: true,
    form: 'signed json',
    payload: Result,
  }),
  tariff: topic({
    path: 'cohorts/{cohort}/tariff',
    from: 'coordinator',
    readBy: ['cohort', 'operator'],
    retained: true,
    form: 'signed json',
    payload: Tariff,
  }),
  report: topic({
    path: 'homes/{home}/rounds/{round}/report',
    from: 'home',
    readBy: ['coordinator'],
    retained: false,
    form: 'cbor',
    payload: cbor(Report),
  }),
  answer: topic({
    path: 'homes/{home}/rounds/{round}/answer',
    from: 'home',
    readBy: ['coordinator'],
    retained: false,
    form: 'cbor',
    payload: cbor(Answer),
  }),
  decline: topic({
    path: 'homes/{home}/rounds/{round}/decline',
    from: 'home',
    readBy: ['coordinator'],
    retained: false,
    form: 'cbor',
    payload: cbor(Decline),
  }),
  complaint: topic({
    path: 'homes/{home}/rounds/{round}/complaint',
    from: 'home',
    readBy: ['coordinator'],
    retained: false,
    form: 'cbor',
    payload: cbor(Complaint),
  }),
  open: topic({
    path: 'homes/{home}/rounds/{round}/open',
    from: 'coordinator',
    readBy: ['home'],
    retained: true,
    form: 'cbor',
    payload: cbor(Open),
  }),
  catalogue: topic({
    path: 'homes/{home}/catalogue',
    from: 'home',
    // The home itself, to see whether it is the newest of its copies.
    readBy: ['coordinator', 'home'],
    retained: true,
    form: 'signed cbor',
    payload: cbor(Catalogue),
  }),
  agreementKey: topic({
    path: 'homes/{home}/agreement-key',
    from: 'home',
    // The home itself, to see whether it is the newest of its copies.
    readBy: ['coordinator', 'home'],
    retained: true,
    form: 'signed cbor',
    payload: cbor(AgreementKey),
  }),
  status: topic({
    path: 'homes/{home}/status',
    from: 'home',
    readBy: ['coordinator', 'home'],
    retained: true,
    form: 'json',
    payload: Status,
  }),
  enrolmentRequest: topic({
    path: 'enrolment/{home}/request',
    from: 'home',
    readBy: ['authority'],
    retained: false,
    form: 'json',
    payload: EnrolmentRequest,
  }),
  enrolmentReply: topic({
    path: 'enrolment/{home}/reply',
    from: 'authority',
    readBy: ['home'],
    retained: false,
    form: 'json',
    payload: EnrolmentReply,
  }),
  operatorRequest: topic({
    path: 'operator/requests/{request}',
    from: 'operator',
    readBy: ['coordinator'],
    retained: false,
    form: 'json',
    payload: OperatorRequest,
  }),
  operatorReply: topic({
    path: 'operator/replies/{request}',
    from: 'coordinator',
    readBy: ['operator'],
    retained: false,
    form: 'json',
    payload: OperatorReply,
  }),
} as const satisfies Record<string, Topic>;

export type TopicName = keyof typeof topics;

type LevelsOf<Path extends string> = Path extends `${string}{${infer Level}}${infer Rest}`
  ? Level | LevelsOf<Rest>
  : never;
export type TopicLevels<Name extends TopicName> = {
  readonly [Level in LevelsOf<(typeof topics)[Name]['path']>]: string;
};

/** The full topic, e.g. `topicOf(prefix, 'open', { home: 'bob', round })`. */
export function topicOf<Name extends TopicName>(prefix: string, name: Name, levels: TopicLevels<Name>): string {
  const given: Readonly<Record<string, string>> = levels;
  return `${prefix}/${topics[name].path.replace(/\{(\w+)\}/g, (_, level: string) => given[level] ?? '')}`;
}

/** A subscription filter: levels not given are `+`. */
export function filterOf<Name extends TopicName>(
  prefix: string,
  name: Name,
  levels: Partial<TopicLevels<Name>> = {},
): string {
  const given: Readonly<Record<string, string | undefined>> = levels;
  return `${prefix}/${topics[name].path.replace(/\{(\w+)\}/g, (_, level: string) => given[level] ?? '+')}`;
}

export type Received = { [Name in TopicName]: { name: Name; levels: TopicLevels<Name> } }[TopicName];

const patterns = (Object.keys(topics) as TopicName[]).map((name) => ({
  name,
  pattern: new RegExp(`^${topics[name].path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`),
}));

/** Which row a topic belongs to, and its levels; undefined for a topic that is none of ours. */
export function readTopic(prefix: string, full: string): Received | undefined {
  if (!full.startsWith(`${prefix}/`)) return undefined;
  const path = full.slice(prefix.length + 1);
  for (const { name, pattern } of patterns) {
    const match = pattern.exec(path);
    if (match !== null) return { name, levels: { ...match.groups } } as Received;
  }
  return undefined;
}
