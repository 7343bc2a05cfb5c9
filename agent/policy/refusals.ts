/**
 * Everything a home refuses: code, what is wrong, what to do, and what the coordinator is told, if anything.
 * One table: ledger, command line and documentation read it.
 */
import { CodedError, type Details, type ErrorText } from '../../broker/protocol/errors.ts';
import type { DeclineReason } from '../../broker/protocol/fields.ts';

interface RefusalText extends ErrorText {
  /** What a decline says. Without it nothing is sent. */
  readonly decline?: DeclineReason;
}

const utilityMends = 'Nothing to do here: the utility has to send it right.';

export const refusals = {
  // --- the roster ---
  ROSTER_MALFORMED: { says: 'the roster is no message of the protocol: {why}', remedy: utilityMends },
  ROSTER_SIGNATURE: {
    says: 'the roster holds a signature that is not by whom it should be: {why}',
    remedy:
      'Do not take part. If the utility has changed its keys on purpose, it has to say so outside of this channel.',
  },
  ROSTER_COHORT: { says: 'the roster is of another cohort than this home', remedy: utilityMends },
  ROSTER_NOT_THE_ONE_NAMED: { says: 'the roster is not the one its topic names', remedy: utilityMends },
  ROSTER_MEMBER_LIST: { says: 'the roster is not the list that the authority signed: {why}', remedy: utilityMends },
  ROSTER_CERTIFICATE: { says: 'a certificate in the roster is refused: {why}', remedy: utilityMends },
  ROSTER_AGREEMENT_KEY: { says: 'an agreement key in the roster is refused: {why}', remedy: utilityMends },
  ROSTER_LOW_ORDER: {
    says: 'an agreement key in the roster would keep no secret: {why}',
    remedy: 'That home has to make a new agreement key; its operator knows which.',
  },
  ROSTER_DUPLICATE: { says: 'two homes of the roster would be one: {why}', remedy: utilityMends },
  ROSTER_SEQUENCE: {
    says: 'the roster brings back an agreement key that was replaced: {why}',
    remedy: 'The utility has to make a roster of the newest keys.',
  },
  ROSTER_SECOND_HASH: {
    says: 'another roster was accepted for this epoch: {why}',
    remedy: 'The utility has to count the epoch up for every new roster.',
  },
  ROSTER_LOWER_EPOCH: {
    says: 'a roster of a higher epoch was accepted: {why}',
    remedy: 'The utility has to use its newest roster.',
  },
  ROSTER_TOO_LARGE: {
    says: 'the roster has {homes} homes, this home takes at most {most}',
    remedy: 'Raise policy.mostHomes in the configuration, if this machine can carry it.',
  },
  ROSTER_WITHOUT_HOME: {
    says: 'this home is not in the roster',
    remedy: 'Ask the utility to publish a roster that has it.',
  },
  ROSTER_OTHER_KEY: {
    says: 'the roster gives this home a key that it does not have',
    remedy: 'The utility has to publish a roster with the newest agreement key of this home.',
  },

  ROSTER_KEY_REPLACED: {
    says: 'the roster names an agreement key of this home that it has replaced',
    remedy: 'The utility has to publish a roster with the newest agreement key of this home.',
  },

  // --- the announced round, as every member checks it ---
  ROUND_MALFORMED: { says: 'the announcement is no message of the protocol: {why}', remedy: utilityMends },
  ROUND_SIGNATURE: {
    says: 'the announcement is not signed by the utility whose key was pinned',
    remedy:
      'Do not take part. If the utility has changed its key on purpose, it has to say so outside of this channel.',
  },
  ROUND_COHORT: { says: 'the round is of another cohort than this home', remedy: utilityMends },
  ROUND_TOPIC: { says: 'the announcement is of another round than its topic', remedy: utilityMends },
  ROUND_ID_BOUND: {
    says: 'this round was announced before with other contents',
    remedy: 'The utility has to give every round an id of its own.',
  },
  ROUND_SHARING: { says: 'dropouts and packing of the round leave no secret: {why}', remedy: utilityMends },
  ROUND_COLLUSION: {
    says: 'too few homes could together lay open another: {why}',
    remedy: 'The utility has to announce fewer dropouts or less packing; or see policy.collusionDivisor.',
  },
  ROUND_FIELD_BOUND: { says: 'the sum would not fit: {why}', remedy: utilityMends },
  ROUND_VECTOR_LENGTH: { says: 'the round asks for too many numbers: {why}', remedy: utilityMends },
  ROUND_MINIMUM: { says: 'the announced minimum is refused: {why}', remedy: utilityMends },
  ROUND_STATISTICS: { says: 'the statistics asked for are refused: {why}', remedy: utilityMends },
  ROUND_EXPIRY: { says: 'the times of the round are refused: {why}', remedy: utilityMends },
  ROUND_OVER: { says: 'the round is over: {why}', remedy: 'Nothing to do: a new round can be opened for other hours.' },
  ROUND_REFUSED: { says: 'the announced round is refused: {why}', remedy: utilityMends },
  ROUNDS_TOO_MANY: {
    says: 'more than {most} rounds are open at once',
    remedy: 'The utility has to end rounds before it announces more.',
  },

  // --- the announced round, as this home judges it before it reports ---
  SHARING_OFF: {
    says: 'sharing is off',
    remedy: 'Turn it on: wattveil share on. Until then this home reports to no round.',
    decline: 'paused',
  },
  TENSOR_NOT_PUBLISHED: {
    says: 'what the round asks for is held here, but was never published: {tensors}',
    remedy: 'To take part next time: wattveil tensors publish {tensors}. The utility was told nothing.',
  },
  TENSOR_WITHDRAWN: {
    says: 'what the round asks for was withdrawn: {tensors}',
    remedy: 'To take part next time: wattveil tensors publish {tensors}.',
    decline: 'not-published',
  },
  MINIMUM_TOO_LOW: {
    says: 'the round settles for {minimum} contributors, this home asks for {own}',
    remedy: 'The utility can ask a larger group; or lower policy.minContributors in the configuration.',
    decline: 'policy',
  },
  SLOT_TOO_SHORT: {
    says: 'the round asks for slots of {stepMs} ms, this home allows none under {shortestMs} ms',
    remedy: 'The utility can ask for longer slots; or lower policy.shortestSlot in the configuration.',
    decline: 'policy',
  },
  HISTOGRAM_NOT_ALLOWED: {
    says: 'the round asks for the distribution over homes, which this home does not allow',
    remedy: 'The utility can ask for sums alone; or allow it: policy.allowHistogram: true in agent.yaml.',
    decline: 'policy',
  },
  BEFORE_CONSENT: {
    says: 'the round asks for hours before {tensors} was published',
    remedy: 'To cover earlier hours: wattveil tensors publish {tensors} --since.',
    decline: 'policy',
  },
  CAPACITY_ABOVE_LIMIT: {
    says: 'the round’s limit is below what this home’s connections could carry',
    remedy: 'The utility has to announce a higher limit: its search shows the capacities.',
    decline: 'policy',
  },
  REPORT_TOO_LARGE: {
    says: 'the report would have {bytes} bytes, more than the {longest} that get through',
    remedy: 'The utility has to ask for fewer slots, fewer statistics or a smaller group at once.',
    decline: 'policy',
  },
  CELL_SPENT: {
    says: 'some of these hours were released before, in round {before}; no hour is released twice',
    remedy: 'The utility can ask for other hours.',
    decline: 'spent',
  },
  CELL_BEFORE_RESTORE: {
    says: 'some of these hours began before {until}, when this home went on from an older copy of its data; which of them had been released is not known, so all count as released',
    remedy: 'The utility can ask for hours after that.',
    decline: 'spent',
  },
  CELL_MISSING: {
    says: 'readings are missing for some of these hours: {tensors}',
    remedy: 'See which: wattveil tensors show. A partial sum is never sent.',
    decline: 'no-data',
  },

  // --- what a member is asked ---
  OPEN_MALFORMED: { says: 'the open request is no message of the protocol: {why}', remedy: utilityMends },
  SET_SIGNATURE: {
    says: 'the contributor set is not signed by the utility whose key was pinned',
    remedy: utilityMends,
  },
  SET_ROUND: { says: 'the contributor set is of another round', remedy: utilityMends },
  SET_BITMAP: { says: 'the contributor set names homes that are not there: {why}', remedy: utilityMends },
  SET_MINIMUM: {
    says: 'the set has fewer contributors than the round announced: {why}',
    remedy: 'Nothing to do: this home does not help to open it.',
  },
  SET_LENGTH: { says: 'the open request has the wrong length: {why}', remedy: utilityMends },
  SET_OTHER: {
    says: 'this home has answered this round for another set of homes',
    remedy: 'Nothing to do: it answers once, so that no difference of two sums can be taken.',
  },
  SHARE_NOT_OPENED: {
    says: '{count} of the {of} shares in the open request do not open',
    remedy: 'Nothing to do here: the utility was told, and may ask again without it.',
  },
  EARLY_REQUESTS_TOO_MANY: {
    says: 'open requests came for more rounds than were announced',
    remedy: utilityMends,
  },

  // --- results, tariffs, enrolment ---
  RESULT_REFUSED: { says: 'the result is refused: {why}', remedy: utilityMends },
  RESULT_OTHER_ROUND: { says: 'the result is not of the round its topic names', remedy: utilityMends },
  TARIFF_MALFORMED: { says: 'the tariff is no message of the protocol: {why}', remedy: utilityMends },
  TARIFF_SIGNATURE: { says: 'the tariff is not signed by the utility whose key was pinned', remedy: utilityMends },
  TARIFF_COHORT: { says: 'the tariff is of another cohort than this home', remedy: utilityMends },
  TARIFF_SEQUENCE: {
    says: 'the tariff has sequence {sequence}, the last one taken had {last}',
    remedy: 'The utility has to count up: an old tariff does not come back.',
  },
  TARIFF_OVER: { says: 'the tariff was valid until {until}', remedy: 'Wait for the next one.' },
  ENROLMENT_REPLY_MALFORMED: { says: 'the reply to the enrolment is malformed: {why}', remedy: utilityMends },
  ENROLMENT_OTHER_HOME: { says: 'the reply to the enrolment is for another home', remedy: utilityMends },
  ENROLMENT_CERTIFICATE: { says: 'the certificate in the reply is refused: {why}', remedy: utilityMends },
  ENROLMENT_OTHER_KEY: { says: 'the certificate in the reply is for another key', remedy: utilityMends },
  ENROLMENT_PINS: {
    says: 'the reply’s {party} key is not the one that the configuration pins',
    remedy: 'Compare pins.{party} with what the utility has given you in writing. If that is right, do not enrol here.',
  },
  ENROLMENT_KEYS_CHANGED: {
    says: 'a second reply to the enrolment came with other keys or another cohort',
    remedy: 'Nothing was changed: keys are pinned once. Ask the utility what happened.',
  },
} as const satisfies Readonly<Record<string, RefusalText>>;

export type RefusalCode = keyof typeof refusals;

export interface Refusal {
  readonly code: RefusalCode;
  readonly details: Details;
}

export function refusal(code: RefusalCode, details: Details = {}): Refusal {
  return { code, details };
}

/** What the coordinator is told of it; undefined: nothing. */
export function declineOf(code: RefusalCode): DeclineReason | undefined {
  const text: RefusalText = refusals[code];
  return text.decline;
}

export function isRefusalCode(code: string): code is RefusalCode {
  return Object.hasOwn(refusals, code);
}

/** The refusal as an error: its message and remedy filled in. */
export class RefusedError extends CodedError<RefusalCode> {
  readonly refusal: Refusal;

  constructor(refused: Refusal, options?: ErrorOptions) {
    super(refusals, refused.code, refused.details, options);
    this.name = 'RefusedError';
    this.refusal = refused;
  }
}
