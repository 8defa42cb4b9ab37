/** The table of plugins, in upstream's order: the first filter that refuses a node speaks for it. */

import type { Fields } from '../api/configuration-fields.ts';
import type { ClusterListers } from './cluster-listers.ts';
import type { Plugin } from './framework.ts';
import { createBalancedAllocation, readBalancedAllocationArgs } from './plugins/balanced-allocation.ts';
import {
  DefaultPreemption,
  type DefaultPreemptionOptions,
  readDefaultPreemptionArgs,
} from './plugins/default-preemption.ts';
import { DynamicResources, type DynamicResourcesOptions } from './plugins/dynamic-resources.ts';
import { hostPorts } from './plugins/host-ports.ts';
import { imageLocality } from './plugins/image-locality.ts';
import { createInterPodAffinity, readInterPodAffinityArgs } from './plugins/inter-pod-affinity.ts';
import { createNodeAffinity, readNodeAffinityArgs } from './plugins/node-affinity.ts';
import { nodeName } from './plugins/node-name.ts';
import { createNodeVolumeLimits } from './plugins/node-volume-limits.ts';
import { createResourcesFit, readResourcesFitArgs } from './plugins/resources-fit.ts';
import { readTopologySpreadArgs } from './plugins/spread-args.ts';
import { taintToleration } from './plugins/taints.ts';
import { createTopologySpread } from './plugins/topology-spread.ts';
import { unschedulable } from './plugins/unschedulable.ts';
import { readVolumeBindingArgs, VolumeBinding, type VolumeBindingOptions } from './plugins/volume-binding.ts';
import { createVolumeRestrictions } from './plugins/volume-restrictions.ts';
import { createVolumeZone } from './plugins/volume-zone.ts';

/** Where a plugin can take part; each has its list in `Plugins`. */
export type ExtensionPoint = 'filter' | 'score' | 'postFilter' | 'reserve' | 'preBind';

/** What plugins are made with. */
export interface PluginParts {
  readonly listers: ClusterListers;
  /** For plugins that act on the cluster; absent where decisions are only computed: those plugins are left out. */
  readonly acting?: ActingParts;
  /** For plugins that look at volumes; absent: they are left out. */
  readonly volumes?: VolumeParts;
  /** For the plugin that gives out devices; absent: it is left out. */
  readonly devices?: DynamicResourcesOptions;
}

export type ActingParts = Omit<DefaultPreemptionOptions, 'candidates'>;

export type VolumeParts = Omit<VolumeBindingOptions, 'bindTimeoutMs'>;

export interface PluginRow {
  /** Upstream's. */
  readonly name: string;
  readonly points: readonly ExtensionPoint[];
  /** Of its scores, where a profile does not say otherwise. */
  readonly weight: number;
  /** The kind of its `args` in `pluginConfig`; absent: it takes none. */
  readonly argsKind?: string;
  /** Reads the args (none given: no fields, which means the defaults), noting what is wrong with them. */
  configure(args: Fields): (parts: PluginParts) => Plugin | undefined;
}

const filter = ['filter'] as const;
const score = ['score'] as const;
const both = ['filter', 'score'] as const;

/** A plugin that takes no args. */
const plain = (plugin: Plugin, points: PluginRow['points'], weight = 0): PluginRow => ({
  ...{ name: plugin.name, points, weight },
  configure: () => () => plugin,
});

export const pluginRows: readonly PluginRow[] = [
  plain(unschedulable, filter),
  plain(nodeName, filter),
  plain(taintToleration, both, 3),
  {
    ...{ name: 'NodeAffinity', points: both, weight: 2, argsKind: 'NodeAffinityArgs' },
    configure(fields) {
      const added = readNodeAffinityArgs(fields);
      return () => createNodeAffinity(added);
    },
  },
  plain(hostPorts, filter),
  {
    ...{ name: 'NodeResourcesFit', points: both, weight: 1, argsKind: 'NodeResourcesFitArgs' },
    configure(fields) {
      const args = readResourcesFitArgs(fields);
      return () => createResourcesFit(args);
    },
  },
  {
    ...{ name: 'VolumeRestrictions', points: filter, weight: 0 },
    configure:
      () =>
      ({ volumes }) =>
        volumes && createVolumeRestrictions(volumes.listers.claims),
  },
  {
    ...{ name: 'NodeVolumeLimits', points: filter, weight: 0 },
    configure:
      () =>
      ({ volumes }) =>
        volumes && createNodeVolumeLimits(volumes.listers),
  },
  {
    ...{ name: 'VolumeBinding', points: ['filter', 'reserve', 'preBind'], weight: 0, argsKind: 'VolumeBindingArgs' },
    configure(fields) {
      const bindTimeoutMs = readVolumeBindingArgs(fields);
      return ({ volumes }) => volumes && new VolumeBinding({ ...volumes, bindTimeoutMs });
    },
  },
  {
    ...{ name: 'VolumeZone', points: filter, weight: 0 },
    configure:
      () =>
      ({ volumes }) =>
        volumes && createVolumeZone(volumes.listers),
  },
  {
    ...{ name: 'PodTopologySpread', points: both, weight: 2, argsKind: 'PodTopologySpreadArgs' },
    configure(fields) {
      const defaults = readTopologySpreadArgs(fields);
      return ({ listers }) => createTopologySpread(listers, defaults);
    },
  },
  {
    ...{ name: 'InterPodAffinity', points: both, weight: 2, argsKind: 'InterPodAffinityArgs' },
    configure(fields) {
      const args = readInterPodAffinityArgs(fields);
      return ({ listers }) => createInterPodAffinity(listers, args);
    },
  },
  {
    ...{ name: 'DynamicResources', points: ['filter', 'postFilter', 'reserve', 'preBind'], weight: 0 },
    configure:
      () =>
      ({ devices }) =>
        devices && new DynamicResources(devices),
  },
  {
    ...{ name: 'DefaultPreemption', points: ['postFilter'], weight: 0, argsKind: 'DefaultPreemptionArgs' },
    configure(fields) {
      const candidates = readDefaultPreemptionArgs(fields);
      return ({ acting }) => acting && new DefaultPreemption({ ...acting, candidates });
    },
  },
  {
    ...{ name: 'NodeResourcesBalancedAllocation', points: score, weight: 1 },
    argsKind: 'NodeResourcesBalancedAllocationArgs',
    configure(fields) {
      const resources = readBalancedAllocationArgs(fields);
      return () => createBalancedAllocation(resources);
    },
  },
  plain(imageLocality, score, 1),
];
