/**
 * The files of test/vectors as they are written, and the ways their bytes are derived.
 */
import { createHash } from 'node:crypto';
import type { Grid, Query, Scaled, Statistics } from '../../broker/protocol/fields.ts';

/** Lower-case hex. */
type Hex = string;
/** An integer, as text where it is too long for a double. */
export type Whole = number | string;

export interface SharingFile {
  readonly primes: readonly number[];
  readonly cases: readonly SharingCase[];
}

export interface SharingCase {
  readonly homes: number;
  readonly dropouts: number;
  readonly packing: number;
  readonly answers: number;
  readonly threshold: number;
  readonly collusion: number;
  readonly length: number;
  readonly vectors: readonly (readonly Whole[])[];
  /** By vector, block, prime: the residues of homes 1..threshold. */
  readonly randomness: readonly (readonly (readonly (readonly number[])[])[])[];
  /** By vector, home, block: three residues. */
  readonly shares: readonly (readonly (readonly (readonly number[])[])[])[];
  readonly answering: readonly number[];
  readonly sum: readonly Whole[];
}

export interface MessagesFile {
  readonly version?: number;
  readonly rounds?: readonly RoundCase[];
  readonly vector?: readonly VectorCase[];
  readonly plausibility?: readonly PlausibilityCase[];
  readonly signed_json?: SignedJsonCase;
  readonly low_order_keys?: readonly Hex[];
  readonly bad?: readonly BadCase[];
}

export interface RoundCase {
  readonly name: string;
  readonly seed: string;
  readonly cohort: string;
  readonly now: number;
  readonly authority: { readonly seed: Hex; readonly public: Hex };
  readonly coordinator: { readonly seed: Hex; readonly public: Hex };
  readonly homes: readonly HomeCase[];
  readonly agreement_key: Signed<{ home: string; sequence: number; key: Hex }>;
  readonly member_list: Signed<{ cohort: string; epoch: number; homes: string[] }>;
  readonly roster: { readonly message: Hex; readonly hash: Hex };
  readonly catalogue: Signed<{ home: string; sequence: number; tensors: unknown }>;
  readonly announce: Signed<AnnounceFields> & {
    readonly round_hash: Hex;
    readonly answers: number;
    readonly threshold: number;
    readonly collusion: number;
    readonly length: number;
    readonly blocks: number;
  };
  readonly pair_keys: readonly { readonly i: number; readonly j: number; readonly key: Hex }[];
  readonly reports: readonly ReportCase[];
  readonly decline: Hex;
  readonly set: Signed<{ round: Hex; contributors: Hex; salts: Hex }> & { readonly set_hash: Hex };
  readonly complaint: Hex;
  readonly opens: readonly { readonly member: number; readonly message: Hex }[];
  readonly answers: readonly { readonly member: number; readonly sums: Hex; readonly message?: Hex }[];
  readonly opened: {
    readonly tau: number;
    readonly inconsistent: readonly number[];
    readonly integers: readonly Whole[];
  };
  readonly result: { readonly canonical: string; readonly signature: string };
}

interface Signed<Fields> {
  readonly fields: Fields & { readonly v: 1; readonly type: string };
  readonly message: Hex;
}

interface AnnounceFields {
  readonly id: Hex;
  readonly cohort: string;
  readonly roster: Hex;
  readonly query: Query;
  readonly grid: Grid;
  readonly resolution: Scaled;
  readonly limit: number;
  readonly statistics: Statistics;
  readonly dropouts: number;
  readonly packing: number;
  readonly minimum: number;
  readonly deadline: number;
  readonly expiry: number;
}

export interface HomeCase {
  readonly index: number;
  readonly id: string;
  /** What is left out is derived. */
  readonly identity_seed?: Hex;
  readonly identity_public?: Hex;
  readonly agreement_private?: Hex;
  readonly agreement_public?: Hex;
  readonly sequence?: number;
}

export interface ReportCase {
  readonly index: number;
  readonly values: readonly number[];
  readonly vector: readonly Whole[];
  readonly salt: Hex;
  readonly sha256: Hex;
  readonly message?: Hex;
  readonly shares?: readonly Hex[];
  readonly seal?: {
    readonly to: number;
    readonly shared_key: Hex;
    readonly info: Hex;
    readonly key: Hex;
    readonly nonce: Hex;
    readonly plain: Hex;
    readonly sealed: Hex;
  };
}

export interface Shape {
  readonly grid: { readonly slots: number };
  readonly resolution: Scaled;
  readonly limit: number;
  readonly statistics: Statistics;
}

export interface VectorCase {
  readonly announce: Shape;
  readonly values: readonly number[];
  readonly vector: readonly Whole[];
}

export interface PlausibilityCase {
  readonly name: string;
  readonly announce: Shape;
  readonly contributors: number;
  readonly integers: readonly Whole[];
  readonly statistics: Readonly<Record<string, unknown>> | null;
}

export interface SignedJsonCase {
  readonly object: { readonly v: 1; readonly type: string };
  readonly canonical: string;
  readonly signature: string;
}

export interface BadCase {
  readonly name: string;
  readonly type: string;
  readonly message: string;
  readonly reason: string;
  readonly why: string;
  readonly state?: {
    readonly member?: number;
    readonly answered?: Hex;
    readonly contributor?: number;
    readonly seen?: Readonly<Record<string, readonly [number, Hex]>>;
    readonly epochs?: Readonly<Record<string, Hex>>;
  };
}

/** JSON in which integers too long for a double come out as text. */
export function parseVectors(text: string): unknown {
  return JSON.parse(text.replace(/"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g, quoteLong));
}

export const wholes = (values: readonly Whole[]): bigint[] => values.map((value) => BigInt(value));
export const fromHexText = (hex: Hex): Buffer => Buffer.from(hex, 'hex');

/** SHA-256 over the parts written as text and joined by `/`: where seeds, private keys and salts come from. */
export function derive(...parts: readonly (string | number)[]): Buffer {
  return createHash('sha256').update(parts.join('/')).digest();
}

/** A residue of a contributor's sharing, from the vectors' seed. */
export function deriveResidue(
  seed: string,
  contributor: number,
  block: number,
  prime: 0 | 1 | 2,
  home: number,
  modulus: number,
): number {
  const drawn = derive(seed, 'residue', contributor, block, prime, home).readBigUInt64BE(0);
  return Number(drawn % BigInt(modulus));
}

function quoteLong(token: string): string {
  return token.startsWith('"') || Number.isSafeInteger(Number(token)) ? token : `"${token}"`;
}
