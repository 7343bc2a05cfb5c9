/** Keeps what is remembered bounded: what was put in first goes, until at most so many are left. */
export function dropOldest<Key>(known: Map<Key, unknown> | Set<Key>, most: number): void {
  for (const oldest of known.keys()) {
    if (known.size <= most) return;
    known.delete(oldest);
  }
}
