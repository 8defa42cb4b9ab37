/** What is in the store, as text in which two runs of the same world can be compared: without what chance, or time, decides. */

import { compareText } from '../../base/compare.ts';
import { worldIdIn } from './world.ts';

export interface StoredObject {
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly generateName?: string;
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec?: { readonly nodeName?: string; readonly [key: string]: unknown };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly [key: string]: unknown;
  };
}

export interface StoredEntry {
  readonly resource: string;
  readonly object: StoredObject;
}

/** What nothing depends on. */
const skipped = new Set(['events', 'leases']);

/** Keys are `/registry/<group>/<resource>/…`; undefined: not an object that is compared. */
export function readEntry(key: string, value: Buffer): StoredEntry | undefined {
  const [, , , resource = ''] = key.split('/');
  if (skipped.has(resource) || !value.toString('utf8', 0, 1).startsWith('{')) return undefined;
  const object = JSON.parse(value.toString()) as Partial<StoredObject>;
  return object.metadata?.name === undefined
    ? undefined
    : { resource, object: { ...object, metadata: object.metadata } };
}

/** Which world's it is; undefined: nobody's, or everybody's. */
export const worldIdOf = ({ object: { metadata } }: StoredEntry): string | undefined =>
  worldIdIn(metadata.namespace ?? metadata.name);

const randoms: readonly (readonly [RegExp, string])[] = [
  [/-r\d+w\d+(?![a-z0-9])/g, ''],
  [/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UID'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, 'TIME'],
  [/\b\d+\.\d+\.\d+\.\d+\b/g, 'ADDRESS'],
  [/hollow-\d+/g, 'NODE'],
  [/pv-\d+/g, 'PV'],
  // Minutes since 1970, in the names of what a CronJob makes.
  [/-\d{8}(?!\d)/g, '-SCHEDULED'],
];
const withoutRandoms = (text: string): string =>
  randoms.reduce((rest, [random, general]) => rest.replaceAll(random, general), text);

/** Counters of writes, what is random of its own, and what says when something was looked at. */
const dropped = new Set([
  ...['resourceVersion', 'generation', 'observedGeneration', 'managedFields', 'containerID', 'ca.crt'],
  'endpoints.kubernetes.io/last-change-trigger-time',
]);

/** One text for each object, sorted. */
export function comparable(entries: readonly StoredEntry[]): string[] {
  const given = entries.flatMap(({ object: { metadata } }) =>
    metadata.generateName
      ? [[withoutRandoms(metadata.name), `${withoutRandoms(metadata.generateName)}*`] as const]
      : [],
  );
  return entries.map((entry) => textOf(entry, given)).sort();
}

function textOf({ resource, object }: StoredEntry, given: readonly (readonly [string, string])[]): string {
  // An autoscaler says what it saw last, as often as it looks.
  const { status, ...rest } = object;
  const whole = JSON.stringify({ resource, ...(resource === 'horizontalpodautoscalers' ? rest : object) });
  // Before names: one of a few letters may be a part of a uid.
  let text = withoutRandoms(whole);
  for (const [name, general] of given) text = text.replaceAll(name, general);
  return JSON.stringify(JSON.parse(text, ordered));
}

/** In an order that chance does not decide, and without what is left empty. */
function ordered(key: string, value: unknown): unknown {
  if (dropped.has(key)) return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return [...value].sort((a, b) => compareText(JSON.stringify(a), JSON.stringify(b)));
  const members = Object.entries(value).sort(([a], [b]) => compareText(a, b));
  return members.length === 0 ? undefined : Object.fromEntries(members);
}

/** What is only in one of the two. */
export function differenceOf(expected: readonly string[], found: readonly string[]): string[] {
  const rest = [...found];
  const missing = expected.filter((text) => {
    const at = rest.indexOf(text);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
  return [...missing.map((text) => `- ${text}`), ...rest.map((text) => `+ ${text}`)];
}
