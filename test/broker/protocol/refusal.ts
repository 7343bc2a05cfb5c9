/**
 * What a call was refused with: `CODE/reason`, or that it was not.
 */
import { ProtocolError } from '../../../broker/protocol/errors.ts';

/** @throws whatever is no ProtocolError: that is a fault and no refusal */
export function refusalOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof ProtocolError) return `${error.code}/${error.reason}`;
    throw error;
  }
  return 'accepted';
}
