import { expect, test } from 'vitest';
import { tensorsToAdd } from '../../../agent/policy/matching-tensors.ts';
import type { OwnTensor } from '../../../agent/policy/own-tensor.ts';
import { ownTensor } from '../made-agent.ts';

const query = { tags: ['#energy-consumption'], quantity: 'energyImport', unit: 'Wh' };
const added = (tensors: OwnTensor[], asked = query) => tensorsToAdd(tensors, asked).map(({ id }) => id);

const main = ownTensor({ id: 'main', tags: ['#energy-consumption', '#main'] });
const board = ownTensor({ id: 'board', ancestors: ['main'] });
const fridge = ownTensor({ id: 'fridge', ancestors: ['board', 'main'] });
const oven = ownTensor({ id: 'oven' });

const cases: [name: string, tensors: OwnTensor[], asked: typeof query, expected: string[]][] = [
  ['every tag has to match', [main, fridge], { ...query, tags: ['#energy-consumption', '#fridge'] }, ['fridge']],
  ['no tag stands for another', [fridge], { ...query, tags: ['#coffee-pot'] }, []],
  ['the quantity has to match', [fridge], { ...query, quantity: 'energyExport' }, []],
  ['the unit has to match', [fridge], { ...query, unit: 'kWh' }, []],
  ['a tensor that is not published does not count', [ownTensor({ published: false })], query, []],
  ['of nested devices the outermost counts', [fridge, board, main, oven], query, ['main', 'oven']],
  ['at any depth', [fridge, main], query, ['main']],
  ['an outer device that does not match hides nothing', [fridge, main], { ...query, tags: ['#fridge'] }, ['fridge']],
  ['nor one that is not published', [fridge, { ...main, published: false }], query, ['fridge']],
  [
    'a source that has two tensors counts once',
    [fridge, ownTensor({ id: 'alias', source: fridge.source, device: 'fridge' })],
    query,
    ['alias'],
  ],
  [
    'with the larger capacity, which clips less',
    [ownTensor({ id: 'a', source: fridge.source }), ownTensor({ id: 'b', source: fridge.source, capacity: [5, 3] })],
    query,
    ['b'],
  ],
  [
    'two quantities of one source are never added, since a query has one quantity',
    [fridge, ownTensor({ id: 'watts', quantity: 'power', unit: 'W', source: fridge.source })],
    query,
    ['fridge'],
  ],
  ['in order of id, whatever the order they are kept in', [oven, fridge], query, ['fridge', 'oven']],
];

test.each(cases)('%s', (_, tensors, asked, expected) => {
  expect(added(tensors, asked)).toEqual(expected);
});
