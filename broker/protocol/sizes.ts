/**
 * How large a message of a round gets, and the most that a home may send at once. Pure.
 */
import { sealedShareBytes } from './report.ts';

/**
 * The longest message that a home may send: its broker cuts it off above that, and a report that never arrives has
 * spent its cells all the same.
 */
export const longestFromHome = 255 * 1024;

/** The longest MQTT packet of a home after its fixed header: its longest message, the topic before it. */
export const longestHomePacket = longestFromHome + 1024;

/** What of a round decides how large its messages get. */
export interface RoundSize {
  readonly homes: number;
  readonly blocks: number;
}

/** What signing adds to a message: the signature, and both lengths. */
export const signedFrame = 72;
/** Round, salt and the names of the fields: 90 bytes with the longest length before the shares. */
const reportFrame = 90;

/** Bytes of a report as sent, or up to 4 more. */
export function reportBytes({ homes, blocks }: RoundSize): number {
  return reportFrame + homes * sealedShareBytes({ blocks });
}

/** The most blocks whose report may be sent among so many homes. */
export function mostBlocks(homes: number): number {
  const share = Math.floor((longestFromHome - reportFrame) / homes);
  return Math.floor((share - sealedShareBytes({ blocks: 0 })) / 8);
}
