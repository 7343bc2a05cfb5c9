/**
 * What a CBOR message is: a schema from which type, encoder and decoder derive. Knows none of the messages.
 */
import * as z from 'zod';
import { assertCanonical, type CborValue, decodeCbor, encodeCbor } from './cbor.ts';
import { ProtocolError } from './errors.ts';

export interface Message<Type extends string, Fields> {
  readonly type: Type;
  readonly schema: z.ZodType<Fields>;
  encode(fields: Omit<Fields, 'v' | 'type'>): Uint8Array;
  /** @throws {ProtocolError} MESSAGE_TOO_LARGE, MESSAGE_NOT_CANONICAL, MESSAGE_MALFORMED */
  decode(bytes: Uint8Array): Fields;
}

type Version = { readonly v: z.ZodLiteral<1> };

/** Defines one message: `{ v: 1, type, ...shape }`, nothing more and nothing less. */
export function message<Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) {
  const schema = z.strictObject({ v: z.literal(1), type: z.literal(type), ...shape } as Version & {
    readonly type: z.ZodLiteral<Type>;
  } & Shape);
  type Fields = z.infer<typeof schema>;
  return {
    type,
    schema: schema as unknown as z.ZodType<Fields>,
    encode: (fields: Omit<Fields, 'v' | 'type'>): Uint8Array =>
      encodeCbor({ ...fields, v: 1, type } as unknown as CborValue),
    decode(bytes: Uint8Array): Fields {
      const fields = checked(schema, decodeCbor(bytes, type), type);
      assertCanonical(bytes, fields as unknown as CborValue, type);
      return fields as Fields;
    },
  };
}

export type FieldsOf<M> = M extends { schema: z.ZodType<infer Fields> } ? Fields : never;

const signedSchema = z.tuple([
  z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === 64),
]);

export interface SignedBytes {
  /** The payload exactly as received: what is verified and hashed. */
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

export function encodeSigned(signed: SignedBytes): Uint8Array {
  return encodeCbor([signed.payload, signed.signature]);
}

/** @throws {ProtocolError} MESSAGE_TOO_LARGE, MESSAGE_NOT_CANONICAL, MESSAGE_MALFORMED */
export function decodeSigned(bytes: Uint8Array, type: string): SignedBytes {
  const name = `signed ${type}`;
  const [payload, signature] = checked(signedSchema, decodeCbor(bytes, name), name);
  assertCanonical(bytes, [payload, signature], name);
  return { payload, signature };
}

function checked<Out>(schema: z.ZodType<Out>, value: unknown, name: string): Out {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const at = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.map(String).join('.')}`;
  // The issue's own text may quote what was received; only its kind and place are told.
  throw new ProtocolError('MESSAGE_MALFORMED', {
    message: name,
    why: `${issue?.code ?? 'invalid'}${at}`,
    reason: 'schema',
  });
}
