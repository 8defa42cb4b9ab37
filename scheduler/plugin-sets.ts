/**
 * Which plugins a profile has at each extension point: the defaults, less what it disables, and what it enables, as
 * upstream merges them. At a point come first the plugins that are set there and everywhere, in the order of the point;
 * then the others that are on everywhere; then what is set only there. Pure.
 */

import type { Fields } from '../api/configuration-fields.ts';
import { own } from '../api/json-record.ts';
import { type ExtensionPoint, type PluginRow, pluginRows } from './plugin-rows.ts';

/** A plugin at one extension point. */
export interface EnabledPlugin {
  readonly row: PluginRow;
  readonly weight: number;
}

export type EnabledPlugins = Readonly<Record<ExtensionPoint, readonly EnabledPlugin[]>>;

interface PluginSet {
  readonly enabled: readonly { readonly name: string; readonly weight: number }[];
  /** `*`: all. */
  readonly disabled: ReadonlySet<string>;
}

/** The points of upstream's form that are served by ours; what upstream prepares in a point of its own is part of it. */
const points: Readonly<Record<ExtensionPoint, readonly string[]>> = {
  filter: ['filter', 'preFilter'],
  score: ['score', 'preScore'],
  postFilter: ['postFilter'],
  reserve: ['reserve'],
  preBind: ['preBind'],
};
const otherPoints = ['preEnqueue', 'queueSort', 'permit', 'bind', 'postBind'] as const;
const allPoints = [...Object.values(points).flat(), ...otherPoints, 'multiPoint'] as const;

/** Parts of the scheduler itself: always on. */
const builtIn: Readonly<Record<string, string>> = {
  SchedulingGates: 'preEnqueue',
  PrioritySort: 'queueSort',
  DefaultBinder: 'bind',
};

/** Upstream's that are not here: to switch them off is nothing, to switch them on is refused. */
const missing: ReadonlySet<string> = new Set(['GangScheduling', 'NodeDeclaredFeatures']);

const rows: ReadonlyMap<string, PluginRow> = new Map(pluginRows.map((row) => [row.name, row]));

export const defaultPlugins: EnabledPlugins = enabledAt(new Map(), defaultMultiPoint());

/** Reads `plugins` of a profile. */
export function readPluginSets(fields: Fields | undefined): EnabledPlugins {
  if (fields === undefined) return defaultPlugins;
  fields.allow(...allPoints);
  const sets = new Map<string, PluginSet>();
  for (const point of allPoints) {
    const set = fields.record(point);
    if (set !== undefined) sets.set(point, readSet(set, point));
  }
  return enabledAt(sets, mergeMultiPoint(sets.get('multiPoint')));
}

function readSet(fields: Fields, point: string): PluginSet {
  fields.allow('enabled', 'disabled');
  const seen = new Set<string>();
  const enabled = fields.list('enabled').map((entry) => {
    const { name, weight } = readPlugin(entry);
    if (seen.has(name)) entry.errors.duplicate(entry.pathOf('name'), name);
    seen.add(name);
    checkEnabled(entry, name, point);
    return { name, weight };
  });
  const disabled = fields.list('disabled').map((entry) => {
    const { name } = readPlugin(entry);
    if (name !== '*' && !isKnown(name)) unknown(entry, name);
    if (Object.hasOwn(builtIn, name) && !seen.has(name))
      entry.errors.forbidden(entry.pathOf('name'), `${name} is a part of the scheduler and cannot be disabled`);
    return name;
  });
  return { enabled, disabled: new Set(disabled) };
}

function readPlugin(entry: Fields): { name: string; weight: number } {
  entry.allow('name', 'weight');
  const name = entry.text('name') ?? '';
  if (name === '') entry.errors.required(entry.pathOf('name'));
  const weight = entry.integer('weight', { from: 0, to: maxWeight, detail: `not in valid range [0, ${maxWeight}]` });
  return { name, weight: weight ?? 0 };
}

/** 100 times the sum of a few of these is still a whole number. */
const maxWeight = 2 ** 31 - 1;

function checkEnabled(entry: Fields, name: string, point: string): void {
  if (name === '') return;
  const wrong = whyNotEnabled(name, point);
  if (wrong !== undefined) entry.errors.invalid(entry.pathOf('name'), name, wrong);
  else if (!isKnown(name)) unknown(entry, name);
}

function whyNotEnabled(name: string, point: string): string | undefined {
  if (missing.has(name)) return `the plugin ${name} is not part of Longshore`;
  if (!isKnown(name) || point === 'multiPoint' || own(builtIn, name) === point) return undefined;
  if (rows.get(name)?.points.some((one) => points[one].includes(point))) return undefined;
  return `plugin ${JSON.stringify(name)} does not extend ${point} plugin`;
}

const isKnown = (name: string): boolean => rows.has(name) || Object.hasOwn(builtIn, name) || missing.has(name);

function unknown(entry: Fields, name: string): void {
  if (name !== '') entry.errors.unsupported(entry.pathOf('name'), name, [...rows.keys(), ...Object.keys(builtIn)]);
}

function defaultMultiPoint(): EnabledPlugin[] {
  return pluginRows.map((row) => ({ row, weight: row.weight }));
}

/** What is enabled replaces the default of its name where that stands; new ones come after. */
function mergeMultiPoint(set: PluginSet | undefined): readonly EnabledPlugin[] {
  const defaults = defaultMultiPoint();
  if (set === undefined) return defaults;
  const wanted = new Map(set.enabled.map(({ name, weight }) => [name, weight]));
  const merged: EnabledPlugin[] = [];
  for (const { row, weight } of defaults) {
    if (set.disabled.has('*') || set.disabled.has(row.name)) continue;
    merged.push({ row, weight: wanted.get(row.name) || weight });
    wanted.delete(row.name);
  }
  return [...merged, ...resolve([...wanted].map(([name, weight]) => ({ name, weight })))];
}

function resolve(plugins: PluginSet['enabled']): EnabledPlugin[] {
  return plugins.flatMap(({ name, weight }) => {
    const row = rows.get(name);
    return row === undefined ? [] : [{ row, weight: weight || row.weight || 1 }];
  });
}

function enabledAt(sets: ReadonlyMap<string, PluginSet>, everywhere: readonly EnabledPlugin[]): EnabledPlugins {
  const at = (point: ExtensionPoint) => expand(point, sets, everywhere);
  return {
    ...{ filter: at('filter'), score: at('score'), postFilter: at('postFilter') },
    ...{ reserve: at('reserve'), preBind: at('preBind') },
  };
}

function expand(
  point: ExtensionPoint,
  sets: ReadonlyMap<string, PluginSet>,
  everywhere: readonly EnabledPlugin[],
): readonly EnabledPlugin[] {
  const own = points[point].flatMap((name) => sets.get(name) ?? []);
  const disabled = (name: string) => own.some((set) => set.disabled.has('*') || set.disabled.has(name));
  const weightOf = new Map(everywhere.map(({ row, weight }) => [row.name, weight]));
  const here = resolve(
    unique(own.flatMap(({ enabled }) => enabled)).map(({ name, weight }) => ({
      name,
      weight: weight || (weightOf.get(name) ?? 0),
    })),
  ).filter(({ row }) => row.points.includes(point));
  const hereNames = new Set(here.map(({ row }) => row.name));
  return [
    ...here.filter(({ row }) => weightOf.has(row.name)),
    ...everywhere.filter(
      ({ row: { name, points: its } }) => its.includes(point) && !hereNames.has(name) && !disabled(name),
    ),
    ...here.filter(({ row }) => !weightOf.has(row.name)),
  ];
}

/** One plugin at `preFilter` and `filter` is one plugin; the first that has a weight says it. */
function unique(enabled: PluginSet['enabled']): PluginSet['enabled'] {
  const weights = new Map<string, number>();
  for (const { name, weight } of enabled) weights.set(name, weights.get(name) || weight);
  return [...weights].map(([name, weight]) => ({ name, weight }));
}
