/**
 * What was given of what may be left out: the keys that have a value.
 */
export function given<T extends object>(all: T): T {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as T;
}
