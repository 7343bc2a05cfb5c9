/**
 * What the coordinator's parts may know of the homes: who is approved, with what each has sent of itself.
 */

export interface ApprovedHome {
  readonly home: string;
  readonly cohort: string;
  /** X.509 DER, issued by the authority. */
  readonly certificate: Uint8Array;
  /** The Ed25519 public key the certificate names. */
  readonly identity: Uint8Array;
  /** The signed agreement key as received, its signature and sequence already checked. */
  readonly agreementKey: Uint8Array | undefined;
  /** The signed catalogue as received, its signature and sequence already checked. */
  readonly catalogue: Uint8Array | undefined;
  /** By its own retained status, as known since the coordinator's start. */
  readonly online: boolean;
}

export interface HomeDirectory {
  /** Ascending by home id (bytewise); all cohorts when none is given. */
  approved(cohort?: string): readonly ApprovedHome[];
  /** Undefined for a home that is not approved. */
  cohortOf(home: string): string | undefined;
}
