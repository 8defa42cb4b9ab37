/** The plugins that decide, in upstream's order: the first filter that refuses a node speaks for it. */

import type { ClusterListers } from './cluster-listers.ts';
import type { Plugins } from './framework.ts';
import { balancedAllocation } from './plugins/balanced-allocation.ts';
import { hostPorts } from './plugins/host-ports.ts';
import { imageLocality } from './plugins/image-locality.ts';
import { createInterPodAffinity } from './plugins/inter-pod-affinity.ts';
import { nodeAffinity } from './plugins/node-affinity.ts';
import { nodeName } from './plugins/node-name.ts';
import { resourcesFit } from './plugins/resources-fit.ts';
import { taintToleration } from './plugins/taints.ts';
import { createTopologySpread } from './plugins/topology-spread.ts';
import { unschedulable } from './plugins/unschedulable.ts';

export function createDefaultPlugins(listers: ClusterListers): Plugins {
  const spread = createTopologySpread(listers);
  const affinity = createInterPodAffinity(listers);
  return {
    filters: [unschedulable, nodeName, taintToleration, nodeAffinity, hostPorts, resourcesFit, spread, affinity],
    scores: [taintToleration, nodeAffinity, resourcesFit, balancedAllocation, imageLocality, spread, affinity],
  };
}
