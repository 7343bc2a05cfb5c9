/**
 * Certificates put together byte by byte, so that each part of one can be wrong.
 */
import type { SigningKey } from '../../../broker/protocol/signing.ts';

export interface CertificateParts {
  readonly authority: SigningKey;
  readonly identity: Uint8Array;
  readonly home: string;
  readonly cohort: string;
  /** UTCTime or GeneralizedTime, as text. */
  readonly validity?: readonly [string, string];
  /** The subject's attributes instead of CN = home, OU = cohort. */
  readonly subject?: readonly Buffer[];
  /** Algorithm fields in and outside of the signed part. */
  readonly inner?: Buffer;
  readonly outer?: Buffer;
  readonly keyInfo?: Buffer;
  /** What stands after the certificate. */
  readonly after?: Buffer;
  readonly version?: Buffer;
}

const ed25519 = Buffer.from('300506032b6570', 'hex');
export const ed25519WithNull = Buffer.from('300706032b65700500', 'hex');
export const rsaSha256 = Buffer.from('300d06092a864886f70d01010b0500', 'hex');

export function makeCertificate(parts: CertificateParts): Buffer {
  const { authority, identity, home, cohort, validity = ['260101000000Z', '460101000000Z'] } = parts;
  const tbs = der(
    0x30,
    parts.version ?? der(0xa0, Buffer.from('020102', 'hex')),
    der(0x02, Buffer.from([1])),
    parts.inner ?? ed25519,
    der(0x30, attribute('2.5.4.3', 'Test authority')),
    der(0x30, ...validity.map(time)),
    der(0x30, ...(parts.subject ?? [attribute('2.5.4.3', home), attribute('2.5.4.11', cohort)])),
    parts.keyInfo ?? der(0x30, ed25519, der(0x03, Buffer.from([0]), identity)),
  );
  const signature = der(0x03, Buffer.from([0]), authority.sign(tbs));
  return Buffer.concat([der(0x30, tbs, parts.outer ?? ed25519, signature), parts.after ?? Buffer.alloc(0)]);
}

/** One attribute of a name, alone in its set: 2.5.4.3 is CN, 2.5.4.11 OU. */
export function attribute(type: '2.5.4.3' | '2.5.4.11' | '2.5.4.10', value: string, tag = 0x0c): Buffer {
  return der(0x31, pair(type, value, tag));
}

export function pair(type: '2.5.4.3' | '2.5.4.11' | '2.5.4.10', value: string, tag = 0x0c): Buffer {
  const objectId = der(0x06, Buffer.from([0x55, 0x04, Number(type.slice(6))]));
  return der(0x30, objectId, der(tag, Buffer.from(value, 'latin1')));
}

export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const header =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, Math.floor(length / 256), length % 256];
  return Buffer.concat([Buffer.from([tag, ...header]), content]);
}

function time(text: string): Buffer {
  return der(text.length === 13 ? 0x17 : 0x18, Buffer.from(text, 'latin1'));
}
