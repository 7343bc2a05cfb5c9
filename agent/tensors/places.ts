/**
 * Names the places of what is wrong, the first few of them. Pure.
 */

const mostNamed = 5;

/** @param places of one list: `value 3`, `readings.csv, line 7` */
export function placesText(places: readonly string[]): string {
  const named = places.slice(0, mostNamed).join('; ');
  return places.length > mostNamed ? `${named} and ${places.length - mostNamed} more` : named;
}
