/**
 * What the householder asks of a round, beyond what the protocol asks of everyone.
 */

export interface Policy {
  /** Fewest contributors a round has to announce for this home to report. */
  readonly minContributors: number;
  readonly shortestSlotMs: number;
  /** The collusion bound has to be at least the roster's size divided by this. */
  readonly collusionDivisor: number;
  readonly mostHomes: number;
  /** Whether the distribution over homes may be asked for. */
  readonly histogram: boolean;
}
