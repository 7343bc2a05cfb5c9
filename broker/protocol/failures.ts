/**
 * Why a round may end without a sum: the reasons of failed results, one table.
 */
import type { ErrorText } from './errors.ts';

export const failures = {
  'too-few-contributors': {
    says: 'too many homes declined: fewer are left than the minimum of contributors',
    remedy: 'See why they declined: wattveil rounds show. Hours that were summed before are never given again.',
  },
  'too-few-reports': {
    says: 'fewer homes than the minimum of contributors had reported when the round expired',
    remedy: 'Ask when more homes are connected, or allow more time with a later expiry.',
  },
  'too-few-answers': {
    says: 'fewer members answered before the round expired than are needed to open the sum',
    remedy: 'See who is missing in the result. The hours are spent: ask for later ones, with a longer expiry.',
  },
  complaint: {
    says: 'so many members could not open the shares of contributors that too few are left to open the sum',
    remedy:
      'The result names whom they complain of (at fault: by more members than may fail; disputed: by fewer, so that one of the two is wrong). The hours are spent: ask for others, without the faulty home.',
  },
  'off-polynomial': {
    says: 'the answers do not fit together: a member answered wrongly, or a contributor shared wrongly',
    remedy:
      'The hours are spent: ask for others. If it happens again, leave homes out of the roster to find the faulty one.',
  },
  implausible: {
    says: 'the sum lies outside what the contributors could have reported',
    remedy:
      'A contributor broke the protocol or, where just as many answered as needed, a member answered wrongly. The hours are spent: ask for others.',
  },
  stopped: {
    says: 'its operator stopped the round',
    remedy: 'Homes that had reported have spent those hours: ask for later ones.',
  },
} as const satisfies Readonly<Record<string, ErrorText>>;

export type FailureReason = keyof typeof failures;

/** @param reason of a failed result, perhaps of a newer version */
export function failureOf(reason: string): ErrorText {
  const known: Readonly<Record<string, ErrorText>> = failures;
  return known[reason] ?? { says: reason, remedy: 'Nothing is known here of this reason: see the broker’s log.' };
}
