import { expect, test } from 'vitest';
import { enteredTwice } from '../../../agent/tensors/entered-twice.ts';
import type { Tensor } from '../../../agent/tensors/tensor.ts';
import { epochMs } from '../../../broker/protocol/clock.ts';

const boiler: Tensor = {
  ...{
    id: 'boiler',
    tags: ['#house', '#boiler'],
    description: '',
    quantity: 'energyImport',
    unit: 'Wh',
    derived: false,
    capacity: [9, 3],
  },
  source: { device: 'entered boiler', families: ['import'] },
  ...{ published: false, consentFrom: epochMs(0), shape: [2], from: epochMs(1000), until: epochMs(3000) },
};

test.each<[name: string, of: Partial<Tensor>, warned: boolean]>([
  ['the same tags', {}, true],
  ['wider tags', { tags: ['#house', '#boiler', '#cellar'] }, true],
  ['fewer tags', { tags: ['#house'] }, true],
  ['no common tag', { tags: ['#cellar'] }, false],
  ['one tag in common, as all in a house have', { tags: ['#house', '#fridge'] }, false],
  ['hours that only touch', { from: epochMs(3000), until: epochMs(4000) }, false],
  ['another direction', { source: { device: 'entered other', families: ['export'] } }, false],
  ['values that a device has read', { device: 'main' }, false],
])('another tensor with %s', (_, changes, warned) => {
  const other = { ...boiler, id: 'other', ...changes };
  expect(enteredTwice(boiler, [boiler, other])).toEqual(warned ? ['other'] : []);
});
