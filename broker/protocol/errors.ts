/**
 * Errors with a code, what is wrong, and what to do: one table per part, read by the tests and the docs.
 * Knows nothing of what the codes mean.
 */

export interface ErrorText {
  /** What is wrong; `{name}` stands for a detail given when the error is made. */
  readonly says: string;
  readonly remedy: string;
}

export type ErrorTable = Readonly<Record<string, ErrorText>>;
export type Details = Readonly<Record<string, string | number>>;

/** An error that says what is wrong and what to do. Its text holds no reading, share or key. */
export class CodedError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly remedy: string;

  constructor(table: ErrorTable, code: Code, details: Details = {}, options?: ErrorOptions) {
    const text = table[code];
    if (text === undefined) throw new TypeError(`no such error code: ${code}`);
    super(fill(text.says, details), options);
    this.name = 'CodedError';
    this.code = code;
    this.remedy = fill(text.remedy, details);
  }
}

export const protocolErrors = {
  MESSAGE_TOO_LARGE: {
    says: '{message} has {bytes} bytes, more than the {limit} allowed',
    remedy: 'Nothing to do here: the sender breaks the protocol.',
  },
  MESSAGE_NOT_CANONICAL: {
    says: '{message} is not deterministic CBOR: {why}',
    remedy: 'Encode by RFC 8949 section 4.2.1: shortest lengths, sorted keys, no floats, tags, null.',
  },
  MESSAGE_MALFORMED: {
    says: '{message} does not follow its schema: {why}',
    remedy: 'Compare with broker/protocol/README.md; unknown versions and keys are refused.',
  },
  SIGNATURE_INVALID: {
    says: 'the signature of {message} is not by {signer}',
    remedy: 'Refuse it. If the signer has changed its key on purpose, enrol anew.',
  },
  KEY_REFUSED: {
    says: 'the agreement key of {home} is refused: {why}',
    remedy: 'That home has to make a new agreement key.',
  },
  CERTIFICATE_REFUSED: {
    says: 'the certificate of {home} is refused: {why}',
    remedy: 'The enrolment authority has to issue it anew.',
  },
  ROSTER_REFUSED: {
    says: 'the roster of {cohort}, epoch {epoch}, is refused: {why}',
    remedy: 'The coordinator has to publish a roster that passes; see reason {reason}.',
  },
  ROUND_REFUSED: {
    says: 'the announced round is refused: {why}',
    remedy: 'The coordinator has to announce it anew with other parameters; see reason {reason}.',
  },
  SET_REFUSED: {
    says: 'the contributor set is refused: {why}',
    remedy: 'Refuse it; see reason {reason}.',
  },
  SHARE_REFUSED: {
    says: 'the share from home {contributor} does not open',
    remedy: 'A complaint naming that home is sent; nothing else to do.',
  },
  ANSWER_REFUSED: {
    says: 'the answer of home {member} is refused: {why}',
    remedy: 'It counts as missing; see reason {reason}.',
  },
  REPORT_REFUSED: {
    says: 'the report of home {home} is refused: {why}',
    remedy: 'It is not counted; see reason {reason}.',
  },
  VALUE_OUT_OF_FIELD: {
    says: 'a value lies outside what the fields hold (±4.6e18)',
    remedy: 'Announce the round with a coarser resolution.',
  },
  VALUE_OUT_OF_LIMIT: {
    says: 'a slot value lies outside the limit of the round',
    remedy: 'Clip to the capacity before encoding.',
  },
} as const satisfies ErrorTable;

export type ProtocolErrorCode = keyof typeof protocolErrors;

/** Whatever one side of the protocol refuses of the other. `reason` is finer than the code. */
export class ProtocolError extends CodedError<ProtocolErrorCode> {
  readonly reason: string;

  constructor(code: ProtocolErrorCode, details: Details & { reason: string }, options?: ErrorOptions) {
    super(protocolErrors, code, details, options);
    this.name = 'ProtocolError';
    this.reason = details.reason;
  }
}

function fill(text: string, details: Details): string {
  return text.replace(/\{(\w+)\}/g, (_, key: string) => String(details[key] ?? `{${key}}`));
}
