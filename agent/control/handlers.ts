/**
 * All commands of the running agent.
 */
import { epochMs } from '../../broker/protocol/clock.ts';
import type { Settings } from '../config-schema.ts';
import { AgentError } from '../errors.ts';
import type { HomeService } from '../home.ts';
import type { Plugs } from '../plugs/plugs.ts';
import type { DeviceState } from '../polling/device-poll.ts';
import { catalogueEntries } from '../tensors/catalogue.ts';
import { enteredTwice } from '../tensors/entered-twice.ts';
import { readTensor } from '../tensors/new-tensor.ts';
import type { TrustedTime } from '../time/time-watch.ts';
import type { Troubles } from '../troubles.ts';
import type { Handlers } from './commands.ts';
import { dataHandlers } from './data-handlers.ts';
import { type PlugHandlerParts, plugHandlers } from './plug-handlers.ts';
import { type ReadingParts, readingHandlers } from './reading-handlers.ts';
import { tensorRow } from './tensor-reading-handlers.ts';

export interface HandlerParts extends ReadingParts {
  readonly settings: ReadingParts['settings'] & PlugHandlerParts['settings'];
  readonly states: () => readonly DeviceState[];
  readonly plugs: Plugs;
  readonly config: Pick<Settings, 'dataDir'>;
  readonly home: HomeService;
  readonly time: TrustedTime;
  readonly troubles: Troubles;
  readonly version: string;
}

export function handlersOf(parts: HandlerParts): Handlers {
  const { home, clock, troubles, version } = parts;
  const since = clock.now();
  return {
    ...readingHandlers(parts),
    ...tensorHandlers(parts),
    ...plugHandlers(parts),
    ...dataHandlers(parts),
    status: () => ({ ...home.status(), pid: process.pid, version, since, troubles: troubles.list() }),
    enrol: () => home.enrol(),
    share: async ({ on }) => {
      await (on ? home.sharing.on() : home.sharing.off());
      return { on: home.sharing.isOn() };
    },
  };
}

/** Those that change a tensor; the home hears of it by itself. */
function tensorHandlers({ home, tensors, clock, time }: HandlerParts) {
  // In 1970 everything would be consented to that was ever read.
  const now = () => {
    if (!time.isTrusted()) throw new AgentError('CLOCK_DOUBTED');
    return clock.now();
  };
  return {
    'tensors add': (asks) => {
      tensors.add(readTensor(asks, now()), now());
      const tensor = tensors.get(asks.id);
      return { tensor: tensorRow(tensor), twice: enteredTwice(tensor, tensors.list()) };
    },
    'tensors remove': ({ id }) => {
      tensors.remove(id, now());
      return null;
    },
    'tensors preview': ({ id, publish, since }) => {
      const all = publish
        ? tensors.ifPublished(id, since === undefined ? undefined : epochMs(since), clock.now())
        : tensors.list();
      const entries = catalogueEntries(all);
      const entry = publish ? entries.find((one) => one.id === id) : undefined;
      const { id: own } = tensors.get(id);
      const others = entries.filter((one) => one.id !== own);
      const { enrolment } = home.status();
      const enrolledAt = enrolment.state === 'enrolled' ? enrolment.since : clock.now();
      const beforeEnrolment = since !== undefined && since < enrolledAt;
      return { ...(entry && { entry }), others: others.map((one) => one.id), beforeEnrolment };
    },
    'tensors publish': ({ id, since }) => {
      tensors.publish(id, since === undefined ? undefined : epochMs(since), now());
      return tensorRow(tensors.get(id));
    },
    'tensors withdraw': ({ id }) => {
      tensors.withdraw(id);
      return tensorRow(tensors.get(id));
    },
  } satisfies Partial<Handlers>;
}
