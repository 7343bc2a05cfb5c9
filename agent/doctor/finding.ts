/**
 * What was looked at, and what was found. Pure.
 */
import type { AgentError, Told } from '../errors.ts';

export type Check =
  | 'agent'
  | 'folder'
  | 'keys'
  | 'clock'
  | 'disk'
  | 'database'
  | 'port'
  | 'device'
  | 'broker'
  | 'certificate';

/** `note` is not as it might be, and nothing to be mended. */
export type Finding = { readonly check: Check } & (
  | { readonly state: 'well'; readonly says: string }
  | ({ readonly state: 'note' | 'wrong' } & Told)
);

export function well(check: Check, says: string): Finding {
  return { check, state: 'well', says };
}

export function note(check: Check, found: Told | AgentError): Finding {
  return { check, state: 'note', ...told(found) };
}

export function wrong(check: Check, found: Told | AgentError): Finding {
  return { check, state: 'wrong', ...told(found) };
}

function told(found: Told | AgentError): Told {
  const { code, remedy } = found;
  return { code, says: 'says' in found ? found.says : found.message, remedy };
}
