/**
 * Runs files of vectors and says how many cases passed. Exits with 1 on any mismatch.
 * Usage: scripts/vectors FILE…
 */
import { runFile } from './vector-cases/run.ts';

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error('Usage: scripts/vectors FILE…   (for example test/vectors/*.json)');
  process.exit(2);
}

const total = { passed: 0, failed: 0 };
for (const file of files) {
  const tally = runFile(file);
  console.log([file, ...tally.lines()].join('\n'));
  total.passed += tally.passed;
  total.failed += tally.failed.length;
}
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
