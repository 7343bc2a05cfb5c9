/**
 * The known word that a misspelt one most likely means.
 */

/** @returns undefined when nothing is near enough to be meant */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const lower = word.toLowerCase();
  // A third of the letters wrong, at least two: further off is guessing.
  let best = { distance: Math.max(2, Math.floor(word.length / 3)) + 1, word: undefined as string | undefined };
  for (const candidate of known) {
    const distance = editDistance(lower, candidate.toLowerCase());
    if (distance < best.distance) best = { distance, word: candidate };
  }
  return best.word;
}

/** For an error text: `; did you mean …?`, or nothing. */
export function hint(word: string, known: Iterable<string>): string {
  const meant = nearest(word, known);
  return meant === undefined ? '' : `; did you mean ${meant}?`;
}

/** Letters inserted, removed, replaced, or two neighbours swapped. */
function editDistance(one: string, other: string): number {
  let before: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, j) => j);
  for (let i = 1; i <= one.length; i++) {
    const row = [i];
    for (let j = 1; j <= other.length; j++) {
      const same = one[i - 1] === other[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) {
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      }
      row.push(cost);
    }
    before = last;
    last = row;
  }
  return last[other.length] ?? 0;
}
