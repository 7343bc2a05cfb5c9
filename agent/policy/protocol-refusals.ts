/**
 * From what the protocol's checks throw to the codes of the refusal table: the check is there, the reason given
 * to the householder here.
 */
import { ProtocolError } from '../../broker/protocol/errors.ts';
import { type Refusal, type RefusalCode, RefusedError, refusal } from './refusals.ts';

/** What was being checked. */
export type Checked = keyof typeof codes;

interface Codes {
  /** By the reason of the error. */
  readonly reasons: Readonly<Record<string, RefusalCode>>;
  readonly signature: RefusalCode;
  /** Too large, not canonical, against the schema. */
  readonly malformed: RefusalCode;
  /** For a reason that a newer protocol part may give. */
  readonly other: RefusalCode;
}

const codes = {
  roster: {
    reasons: {
      cohort: 'ROSTER_COHORT',
      'second-hash': 'ROSTER_SECOND_HASH',
      'lower-epoch': 'ROSTER_LOWER_EPOCH',
      'member-list': 'ROSTER_MEMBER_LIST',
      duplicate: 'ROSTER_DUPLICATE',
      certificate: 'ROSTER_CERTIFICATE',
      'certificate-time': 'ROSTER_CERTIFICATE',
      'agreement-key': 'ROSTER_AGREEMENT_KEY',
      'not-canonical-key': 'ROSTER_AGREEMENT_KEY',
      'low-order': 'ROSTER_LOW_ORDER',
      sequence: 'ROSTER_SEQUENCE',
    },
    signature: 'ROSTER_SIGNATURE',
    malformed: 'ROSTER_MALFORMED',
    other: 'ROSTER_MEMBER_LIST',
  },
  round: {
    reasons: {
      topic: 'ROUND_TOPIC',
      cohort: 'ROUND_COHORT',
      sharing: 'ROUND_SHARING',
      collusion: 'ROUND_COLLUSION',
      'limit-overflow': 'ROUND_FIELD_BOUND',
      'vector-length': 'ROUND_VECTOR_LENGTH',
      minimum: 'ROUND_MINIMUM',
      'bucket-width': 'ROUND_STATISTICS',
      expiry: 'ROUND_EXPIRY',
      grid: 'ROUND_EXPIRY',
      expired: 'ROUND_OVER',
    },
    signature: 'ROUND_SIGNATURE',
    malformed: 'ROUND_MALFORMED',
    other: 'ROUND_REFUSED',
  },
  open: {
    reasons: {
      round: 'SET_ROUND',
      bitmap: 'SET_BITMAP',
      minimum: 'SET_MINIMUM',
      length: 'SET_LENGTH',
      'other-set': 'SET_OTHER',
    },
    signature: 'SET_SIGNATURE',
    malformed: 'OPEN_MALFORMED',
    other: 'OPEN_MALFORMED',
  },
  tariff: {
    reasons: {},
    signature: 'TARIFF_SIGNATURE',
    malformed: 'TARIFF_MALFORMED',
    other: 'TARIFF_MALFORMED',
  },
  result: {
    reasons: {},
    signature: 'RESULT_REFUSED',
    malformed: 'RESULT_REFUSED',
    other: 'RESULT_REFUSED',
  },
  certificate: {
    reasons: {},
    signature: 'ENROLMENT_CERTIFICATE',
    malformed: 'ENROLMENT_CERTIFICATE',
    other: 'ENROLMENT_CERTIFICATE',
  },
} as const satisfies Readonly<Record<string, Codes>>;

/**
 * @returns the refusal behind an error of a check
 * @throws whatever is none: a fault of ours, not of the sender
 */
export function refusalOf(error: unknown, checked: Checked): Refusal {
  if (error instanceof RefusedError) return error.refusal;
  if (!(error instanceof ProtocolError)) throw error;
  return refusal(codeOf(error, codes[checked]), { why: error.message, reason: error.reason });
}

/** Whether the sender proved to be the utility before the message was refused: only then is what it says worth noting. */
export function isFromUtility(code: RefusalCode): boolean {
  return !code.endsWith('_SIGNATURE') && !code.endsWith('_MALFORMED');
}

function codeOf(error: ProtocolError, of: Codes): RefusalCode {
  if (error.code === 'SIGNATURE_INVALID') return of.signature;
  if (error.code.startsWith('MESSAGE_')) return of.malformed;
  return of.reasons[error.reason] ?? of.other;
}
