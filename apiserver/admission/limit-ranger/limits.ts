/** What a LimitRange fills in, and what it refuses, in upstream's words. Pure. */

import { type Amounts, readAmounts } from '../../../api/amounts.ts';
import { setOwn } from '../../../api/json-record.ts';
import { computePodAmounts } from '../../../api/pod-amounts.ts';
import { formatQuantity, milliUnits, type Quantity, wholeUnits } from '../../../api/quantity.ts';
import type {
  Container,
  LimitRange,
  LimitRangeItem,
  PersistentVolumeClaim,
  Pod,
  PodSpec,
} from '../../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';

type Range = DeepReadonly<LimitRange>;
type Item = DeepReadonly<LimitRangeItem>;
type Quantities = DeepReadonly<Record<string, string>>;

export const limitRangerAnnotation = 'kubernetes.io/limit-ranger';

/** Gives containers that do not say it themselves what the range says, and writes down what was set. */
export function setDefaults(range: Range, pod: Pod): void {
  const defaults = defaultsOf(range);
  const { containers = [], initContainers = [] }: Partial<PodSpec> = pod.spec ?? {};
  const said = [
    ...containers.flatMap((container) => fillIn(container, 'container', defaults)),
    ...initContainers.flatMap((container) => fillIn(container, 'init container', defaults)),
  ];
  if (said.length === 0) return;
  pod.metadata ??= {};
  pod.metadata.annotations = {
    ...pod.metadata.annotations,
    [limitRangerAnnotation]: `LimitRanger plugin set: ${said.join('; ')}`,
  };
}

interface Defaults {
  readonly requests: Quantities;
  readonly limits: Quantities;
}

function defaultsOf(range: Range): Defaults {
  const items = itemsOf(range, 'Container');
  return {
    requests: Object.assign({}, ...items.map(({ defaultRequest }) => defaultRequest)),
    limits: Object.assign({}, ...items.map((item) => item.default)),
  };
}

const itemsOf = (range: Range, type: string): readonly Item[] =>
  (range.spec?.limits ?? []).filter((item) => item.type === type);

/** What was set, as the annotation says it. */
function fillIn(container: Container, called: string, defaults: Defaults): string[] {
  return (['requests', 'limits'] as const).flatMap((side) => {
    const given = container.resources?.[side] ?? {};
    const missing = Object.entries(defaults[side]).filter(([name]) => !Object.hasOwn(given, name));
    if (missing.length === 0) return [];
    const filled = { ...given };
    for (const [name, quantity] of missing) setOwn(filled, name, quantity);
    container.resources = { ...container.resources, [side]: filled };
    const names = missing.map(([name]) => name).sort();
    return [`${names.join(', ')} ${side === 'requests' ? 'request' : 'limit'} for ${called} ${container.name}`];
  });
}

/** Every way in which the pod is outside the range. */
export function whyPodRefused(range: Range, { spec }: DeepReadonly<Pod>): string[] {
  if (spec === undefined) return [];
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  return (range.spec?.limits ?? []).flatMap((item) => {
    if (item.type === 'Container') return containers.flatMap(({ resources }) => whyOutside(item, asked(resources)));
    if (item.type !== 'Pod') return [];
    const [requests, limits] = sidesOf(spec);
    return whyOutside(item, { requests, limits });
  });
}

const sidesOf = (spec: DeepReadonly<PodSpec>): [Amounts, Amounts] => [
  computePodAmounts(spec, 'requests', { withOverhead: false }),
  computePodAmounts(spec, 'limits', { withOverhead: false }),
];

/** Every way in which the claim is outside the range. Limits of claims mean nothing. */
export function whyClaimRefused(range: Range, { spec }: DeepReadonly<PersistentVolumeClaim>): string[] {
  const requests = readAmounts(spec?.resources?.requests);
  return itemsOf(range, 'PersistentVolumeClaim').flatMap((item) => [
    ...each(item.min, (name, least) => tooSmall(item, name, least, { requests, limits: new Map() })),
    ...each(item.max, (name, most) => tooLarge(item, name, most, { requests })),
  ]);
}

interface Asked {
  readonly requests: Amounts;
  readonly limits: Amounts;
}

const asked = (resources: DeepReadonly<Container['resources']>): Asked => ({
  requests: readAmounts(resources?.requests),
  limits: readAmounts(resources?.limits),
});

function whyOutside(item: Item, given: Asked): string[] {
  return [
    ...each(item.min, (name, least) => tooSmall(item, name, least, given)),
    ...each(item.max, (name, most) => tooLargeLimit(item, name, most, given)),
    ...each(item.maxLimitRequestRatio, (name, ratio) => tooFarApart(item, name, ratio, given)),
  ];
}

function each(
  quantities: Quantities | undefined,
  why: (name: string, bound: Quantity) => string | undefined,
): string[] {
  return [...readAmounts(quantities)].flatMap(([name, bound]) => why(name, bound) ?? []);
}

/** The largest number of whole units of which upstream still tells the thousandths apart. */
const mostInThousandths = (2n ** 63n - 1n) / 1000n;

/** As numbers that can be compared: in thousandths, unless one of them is too large for that. */
function comparable(...quantities: readonly (Quantity | undefined)[]): (bigint | undefined)[] {
  const isLarge = quantities.some((quantity) => quantity !== undefined && wholeUnits(quantity) > mostInThousandths);
  return quantities.map((quantity) => quantity && (isLarge ? wholeUnits(quantity) : milliUnits(quantity)));
}

const exceeds = (a: Quantity | undefined, b: Quantity | undefined): boolean => {
  const [left, right] = comparable(a, b);
  return left !== undefined && right !== undefined && left > right;
};

function tooSmall({ type }: Item, name: string, least: Quantity, { requests, limits }: Asked): string | undefined {
  const [request, limit] = [requests.get(name), limits.get(name)];
  const bound = `minimum ${name} usage per ${type} is ${formatQuantity(least)}`;
  if (request === undefined) return `${bound}.  No request is specified`;
  if (exceeds(least, request)) return `${bound}, but request is ${formatQuantity(request)}`;
  if (limit !== undefined && exceeds(least, limit)) return `${bound}, but limit is ${formatQuantity(limit)}`;
  return undefined;
}

function tooLarge(
  { type }: Item,
  name: string,
  most: Quantity,
  { requests }: Pick<Asked, 'requests'>,
): string | undefined {
  const request = requests.get(name);
  const bound = `maximum ${name} usage per ${type} is ${formatQuantity(most)}`;
  if (request === undefined) return `${bound}.  No request is specified`;
  return exceeds(request, most) ? `${bound}, but request is ${formatQuantity(request)}` : undefined;
}

function tooLargeLimit({ type }: Item, name: string, most: Quantity, { requests, limits }: Asked): string | undefined {
  const [request, limit] = [requests.get(name), limits.get(name)];
  const bound = `maximum ${name} usage per ${type} is ${formatQuantity(most)}`;
  if (limit === undefined) return `${bound}.  No limit is specified`;
  if (exceeds(limit, most)) return `${bound}, but limit is ${formatQuantity(limit)}`;
  if (request !== undefined && exceeds(request, most)) return `${bound}, but request is ${formatQuantity(request)}`;
  return undefined;
}

function tooFarApart({ type }: Item, name: string, ratio: Quantity, { requests, limits }: Asked): string | undefined {
  const [request, limit] = comparable(requests.get(name), limits.get(name));
  const bound = `${name} max limit to request ratio per ${type} is ${formatQuantity(ratio)}`;
  if (!request) return `${bound}, but no request is specified or request is 0`;
  if (!limit) return `${bound}, but no limit is specified or limit is 0`;
  const observed = Number(limit) / Number(request);
  return observed * 1000 > Number(milliUnits(ratio))
    ? `${bound}, but provided ratio is ${observed.toFixed(6)}`
    : undefined;
}
