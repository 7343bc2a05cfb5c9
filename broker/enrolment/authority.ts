/**
 * The enrolment authority: signs which homes belong to a cohort. Knows nothing of rounds.
 */

export interface Authority {
  readonly publicKey: Uint8Array;
  /**
   * The signed member list of an epoch. Signing the same list again gives the same bytes.
   * @param homes ids, in any order
   * @throws {BrokerError} EPOCH_TAKEN when another list was signed for that epoch
   */
  signMembers(cohort: string, epoch: number, homes: readonly string[]): Uint8Array;
}
