/** Makes the plugins that a profile has enabled, each once, and puts them where they take part. */

import { ConfigurationErrors, Fields } from '../api/configuration-fields.ts';
import type { ClusterListers } from './cluster-listers.ts';
import type {
  FilterPlugin,
  Plugin,
  Plugins,
  PostFilterPlugin,
  PreBindPlugin,
  ReservePlugin,
  ScorePlugin,
} from './framework.ts';
import type { PluginParts } from './plugin-rows.ts';
import { defaultPlugins, type EnabledPlugin, type EnabledPlugins } from './plugin-sets.ts';

/** Plugin → how it is made, with the args of its profile. */
export type PluginMakers = ReadonlyMap<string, (parts: PluginParts) => Plugin | undefined>;

export function createPlugins(enabled: EnabledPlugins, makers: PluginMakers, parts: PluginParts): Plugins {
  const made = new Map<string, Plugin | undefined>();
  const make = ({ row }: EnabledPlugin): Plugin[] => {
    if (!made.has(row.name)) made.set(row.name, (makers.get(row.name) ?? row.configure(noArgs()))(parts));
    const plugin = made.get(row.name);
    return plugin === undefined ? [] : [plugin];
  };
  const weighted = (one: EnabledPlugin) =>
    make(one)
      .filter(isScore)
      .map((plugin) => withWeight(plugin, one.weight));
  return {
    filters: enabled.filter.flatMap(make).filter(isFilter),
    scores: enabled.score.flatMap(weighted),
    postFilters: enabled.postFilter.flatMap(make).filter(isPostFilter),
    reserves: enabled.reserve.flatMap(make).filter(isReserve),
    preBinds: enabled.preBind.flatMap(make).filter(isPreBind),
  };
}

/** What a profile has that says nothing; without what acts on the cluster. */
export const createDefaultPlugins = (listers: ClusterListers): Plugins =>
  createPlugins(defaultPlugins, new Map(), { listers });

const noArgs = (): Fields => new Fields(undefined, '', new ConfigurationErrors());

function withWeight(plugin: ScorePlugin, weight: number): ScorePlugin {
  if (weight === plugin.weight) return plugin;
  const { name, scope } = plugin;
  return { name, scope, weight, prepareScore: (...asked) => plugin.prepareScore(...asked) };
}

const isFilter = (plugin: Plugin): plugin is FilterPlugin => 'prepareFilter' in plugin;
const isScore = (plugin: Plugin): plugin is ScorePlugin => 'prepareScore' in plugin;
const isPostFilter = (plugin: Plugin): plugin is PostFilterPlugin => 'postFilter' in plugin;
const isReserve = (plugin: Plugin): plugin is ReservePlugin => 'reserve' in plugin;
const isPreBind = (plugin: Plugin): plugin is PreBindPlugin => 'preBind' in plugin;
