/** What can happen in a simulated world. Plain data, so that a list of it can be kept. */
import fc from 'fast-check';

/** `home` 0 is the coordinator; numbers are taken modulo what there is. */
export type Operation =
  | { readonly do: 'announce'; readonly round: number }
  /** The nth message in flight arrives; 0 times is lost. */
  | { readonly do: 'deliver'; readonly nth: number; readonly times: number }
  /** Everything in flight, and what comes of it. */
  | { readonly do: 'deliverAll' }
  /** The broker loses all that is retained. */
  | { readonly do: 'forget' }
  | { readonly do: 'connect'; readonly home: number }
  /** Before its nth effect from now on. */
  | { readonly do: 'cutPower'; readonly home: number; readonly effects: number }
  | { readonly do: 'restart'; readonly home: number }
  | { readonly do: 'share'; readonly home: number; readonly on: boolean }
  | { readonly do: 'wait'; readonly minutes: number }
  /** A home makes itself a new agreement key. */
  | { readonly do: 'rotate'; readonly home: number }
  | { readonly do: 'backup'; readonly home: number }
  /** A home goes on from its backup, and knows that it does. */
  | { readonly do: 'restore'; readonly home: number }
  /** Another gateway takes a home's place, and the operator approves it. */
  | { readonly do: 'replace'; readonly home: number }
  /** The operator takes a home into the cohort, or out of it. */
  | { readonly do: 'enrol'; readonly home: number; readonly on: boolean }
  /** From now on what a home seals does not open: its share for one member, or for 0 all of them. */
  | { readonly do: 'spoil'; readonly home: number; readonly member: number };

const home = fc.nat(7);
const constant = <const Name extends string>(name: Name) => fc.constant(name);

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: constant('announce'), round: fc.nat(5) }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: constant('deliver'), nth: fc.nat(20), times: fc.constantFrom(0, 1, 1, 1, 2) }),
  },
  { weight: 3, arbitrary: fc.record({ do: constant('deliverAll') }) },
  { weight: 1, arbitrary: fc.record({ do: constant('forget') }) },
  { weight: 2, arbitrary: fc.record({ do: constant('connect'), home }) },
  { weight: 3, arbitrary: fc.record({ do: constant('cutPower'), home, effects: fc.oneof(fc.nat(6), fc.nat(30)) }) },
  { weight: 2, arbitrary: fc.record({ do: constant('restart'), home }) },
  { weight: 1, arbitrary: fc.record({ do: constant('share'), home, on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: constant('wait'), minutes: fc.constantFrom(1, 120, 720) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('rotate', 'rotate', 'backup', 'restore', 'replace'), home }),
  },
  { weight: 1, arbitrary: fc.record({ do: constant('enrol'), home, on: fc.boolean() }) },
);

/** Beside those, homes that seal badly: what is dropped, disputed and asked a second time follows from nothing else. */
const hostileOperation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 8, arbitrary: operation },
  { weight: 1, arbitrary: fc.record({ do: constant('spoil'), home, member: fc.nat(7) }) },
);

export const operations = beginningWith([{ do: 'announce', round: 0 }], operation);

export const hostileOperations = beginningWith(
  [
    { do: 'spoil', home: 1, member: 0 },
    { do: 'announce', round: 0 },
  ],
  hostileOperation,
);

function beginningWith(first: readonly Operation[], any: fc.Arbitrary<Operation>): fc.Arbitrary<Operation[]> {
  return fc.array(any, { maxLength: 14 }).map((some) => [...first, ...some]);
}
