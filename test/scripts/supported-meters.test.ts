import { expect, test } from 'vitest';
import { shippedProfiles } from '../../hardware/profiles/load-profile.ts';
import { readmeText, withTable } from '../../scripts/supported-meters.ts';

test('the table of supported meters in hardware/README.md is that of the profiles', () => {
  const text = readmeText();
  expect(withTable(text)).toBe(text);
  for (const name of shippedProfiles()) expect(text).toContain(`\`${name}\``);
});
