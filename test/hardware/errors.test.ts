import { expect, test } from 'vitest';
import { HardwareError, hardwareErrors } from '../../hardware/errors.ts';

test('an error fills in its details, and keeps what caused it', () => {
  const cause = new Error('ENOENT');
  const error = new HardwareError('PORT_NOT_FOUND', { port: '/dev/ttyX', ports: 'none' }, { cause });
  expect(error.message).toBe('there is no port /dev/ttyX');
  expect(error.remedy).toContain('Ports here: none');
  expect(error).toMatchObject({ code: 'PORT_NOT_FOUND', cause });
});

test('what there is no detail for is left out', () => {
  const replaced = (details: object) =>
    new HardwareError('METER_REPLACED', { meter: 'P1', port: '/dev/p1', found: '2', expected: '1', ...details }).says;
  expect(replaced({})).toBe('P1 on /dev/p1 has serial number 2, not 1');
  expect(replaced({ address: 3 })).toBe('P1 on /dev/p1, address 3, has serial number 2, not 1');
});

test.each(Object.entries(hardwareErrors))('%s says what is wrong and what to do', (_, { says, remedy }) => {
  expect(says).toMatch(/^[a-z{]/);
  expect(remedy).toMatch(/^[A-Z]/);
  expect(`${says} ${remedy}`).not.toMatch(/undefined|TODO/);
});
