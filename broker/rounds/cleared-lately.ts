/** Which retained messages were taken back so lately that a broker may come back with them. */

/** Before the last one that was acknowledged. mosquitto writes what it retains down every half hour. */
const clearAgainMs = 3_600_000;

/** SQL: a condition on rows of that table. */
export function clearedLately(table: 'rounds' | 'rosters'): string {
  const newest = `SELECT max(cleared_at_ms) FROM ${table} WHERE cleared_at_ms IS NOT NULL`;
  return `cleared_at_ms > (${newest}) - ${clearAgainMs}`;
}
