/** Puts an applied configuration over a live object: what it says wins, what it does not say stays. */

import { isRecord, own, setOwn } from '../../api/json-record.ts';
import type { ListSchema, Schema } from '../schema/schema.ts';
import { elementOrNothing } from './list-items.ts';
import { type MapPlace, placeOf } from './type-at.ts';

/** The merged value; undefined where there is none. Shares parts with both, changes neither. */
export function merge(schema: Schema, live: unknown, config: unknown): unknown {
  if (config === undefined) return live;
  if (live === undefined || live === null) return config;
  const place = placeOf(schema, live, config);
  if (place.kind === 'leaf') return config;
  if (place.kind === 'list') {
    const [left, right] = [Array.isArray(live) ? live : [], Array.isArray(config) ? config : []];
    return left.length === 0 ? config : mergeLists(place.schema, left, right);
  }
  const [left, right] = [isRecord(live) ? live : {}, isRecord(config) ? config : {}];
  return Object.keys(left).length === 0 ? config : mergeMaps(place, left, right);
}

function mergeMaps(
  place: MapPlace,
  live: Record<string, unknown>,
  config: Record<string, unknown>,
): Record<string, unknown> {
  const result: Record<string, unknown> = { ...live };
  for (const [key, value] of Object.entries(config)) {
    setOwn(result, key, merge(place.member(key)?.schema ?? { type: 'raw' }, own(live, key), value));
  }
  return result;
}

interface Item {
  readonly element: string;
  readonly value: unknown;
}

/**
 * The configuration's order wins for the items it names. Items that only the live list has keep their place before the
 * next item that both lists share, in the order of the configuration.
 */
function mergeLists(schema: ListSchema, live: readonly unknown[], config: readonly unknown[]): unknown[] {
  const left = identified(schema, live);
  const right = identified(schema, config);
  const present = singles(left);
  const wanted = new Set(right.map(({ element }) => element));
  const shared = right.map(({ element }) => element).filter((element) => present.has(element));
  const result: unknown[] = [];
  let taken = 0;
  const takeThrough = (last: string | undefined) => {
    for (const { element, value } of right.slice(taken)) {
      taken += 1;
      result.push(merge(schema.items, present.get(element), value));
      if (element === last) return;
    }
  };
  let nextShared = 0;
  for (const { element, value } of left) {
    if (!wanted.has(element)) result.push(value);
    else if (element === shared[nextShared]) {
      nextShared += 1;
      takeThrough(element);
    }
  }
  takeThrough(undefined);
  return result;
}

function identified(schema: ListSchema, list: readonly unknown[]): Item[] {
  return list.flatMap((value) => {
    const element = elementOrNothing(schema, value);
    return element === undefined ? [] : [{ element, value }];
  });
}

/** Live items to merge with. Of items with one identity none is: the configuration's item replaces them all. */
function singles(items: readonly Item[]): Map<string, unknown> {
  const values = new Map<string, unknown>();
  for (const { element, value } of items) values.set(element, values.has(element) ? undefined : value);
  return values;
}
