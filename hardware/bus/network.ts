/**
 * The URLs that name a TCP endpoint in place of a serial port, by what is spoken there.
 */
import type { Framing } from './bus.ts';
import type { Host } from './tcp-endpoint.ts';

/** RTU over TCP is not Modbus TCP: the first sends the frames of a serial line as they are, the second its own. */
const schemes: Readonly<Record<string, { readonly framing: Framing; readonly port: number | undefined }>> = {
  'modbus-tcp': { framing: 'tcp', port: 502 },
  'rtu-over-tcp': { framing: 'rtu', port: undefined },
};

/** @returns undefined for the path of a serial port, and for a URL that is none of the two */
export function networkOf(port: string): (Host & { readonly framing: Framing }) | undefined {
  const [, scheme = '', host = '', , digits] =
    /^([a-z-]+):\/\/(\[[0-9a-fA-F:.]+\]|[^/:@\s]+)(:(\d{1,5}))?\/?$/.exec(port) ?? [];
  const spoken = schemes[scheme];
  const number = digits === undefined ? spoken?.port : Number(digits);
  if (spoken === undefined || number === undefined || number > 0xffff) return undefined;
  return { host: host.replace(/^\[|\]$/g, ''), port: number, framing: spoken.framing };
}
