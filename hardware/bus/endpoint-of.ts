/**
 * What a bus's `port` names: a serial port by its path, or a TCP endpoint by what is spoken there.
 */

import type { Framing } from './bus.ts';
import type { FullBusConfig } from './bus-config.ts';
import type { Endpoint } from './connection.ts';
import { networkOf } from './network.ts';
import { serialEndpoint } from './serial-endpoint.ts';
import { tcpEndpoint } from './tcp-endpoint.ts';

export function endpointOf(settings: FullBusConfig): { readonly endpoint: Endpoint; readonly framing: Framing } {
  const network = networkOf(settings.port);
  if (network === undefined) return { endpoint: serialEndpoint(settings), framing: 'rtu' };
  return { endpoint: tcpEndpoint(settings.port, network), framing: network.framing };
}
