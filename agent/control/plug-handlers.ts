/**
 * The commands that concern plugs: a plug is a switch and, where there is one, the meter behind it.
 */
import type { Settings } from '../config-schema.ts';
import type { PlugState, Plugs } from '../plugs/plugs.ts';
import type { DeviceState } from '../polling/device-poll.ts';
import type { Handlers, PlugRow } from './commands.ts';

export interface PlugHandlerParts {
  readonly settings: Pick<Settings, 'buses' | 'plugs'>;
  readonly plugs: Plugs;
  readonly states: () => readonly DeviceState[];
}

export function plugHandlers({ settings, plugs, states }: PlugHandlerParts) {
  const row = (now: PlugState): PlugRow => {
    const plug = settings.plugs.find(({ id }) => id === now.id);
    if (plug === undefined) throw new TypeError(`plug ${now.id}: expected a configured one`);
    const { profile, bus, address, channel, meter, safety } = plug;
    const port = settings.buses.find(({ id }) => id === bus)?.port ?? '';
    const last = states().find(({ id }) => id === meter)?.last;
    return {
      ...{ ...now, profile, port, address, channel },
      ...(safety !== undefined && { safetyMs: safety }),
      ...(meter !== undefined && { meter }),
      ...(last !== undefined && { metered: last }),
    };
  };
  return {
    'plugs list': () => plugs.states().map(row),
    'plugs read': async ({ id }) => row(await plugs.read(id)),
    'plugs set': async ({ id, on }) => row(await plugs.set(id, on)),
  } satisfies Partial<Handlers>;
}
