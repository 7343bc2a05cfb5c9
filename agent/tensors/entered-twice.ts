/**
 * Whether the same things were entered by hand under two names: each name is a source of its own, so nothing else
 * would notice. Pure.
 */
import { overlaps } from '../../broker/protocol/grid.ts';
import type { Tensor } from './tensor.ts';

/** @returns names of the others whose tags take in these, or are taken in by them, for some of the same hours */
export function enteredTwice(tensor: Tensor, all: readonly Tensor[]): string[] {
  return all
    .filter((other) => other.id !== tensor.id && other.device === undefined)
    .filter((other) => haveOneInCommon(other.source.families, tensor.source.families))
    .filter((other) => overlaps(spanOf(other), spanOf(tensor)))
    .filter((other) => takesIn(other.tags, tensor.tags) || takesIn(tensor.tags, other.tags))
    .map(({ id }) => id);
}

const spanOf = ({ from, until }: Tensor) => ({ from, until });
const haveOneInCommon = <Each>(some: readonly Each[], others: readonly Each[]) =>
  some.some((each) => others.includes(each));
const takesIn = (tags: readonly string[], others: readonly string[]) => others.every((tag) => tags.includes(tag));
