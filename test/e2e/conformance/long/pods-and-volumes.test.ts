/** What the conformance suite asks of pods and their volumes, as far as it takes many pods or long waits. */

import { describe } from 'node:test';
import { generations } from '../pods/generations.ts';
import { hooks } from '../pods/hooks.ts';
import { lives } from '../pods/lives.ts';
import { probes } from '../pods/probes.ts';
import { taints } from '../pods/taints.ts';
import { onOneCluster } from '../shared-cluster.ts';
import { changes } from '../volumes/changes.ts';
import { dataVolumes } from '../volumes/data-volumes.ts';
import { downwardVolumes } from '../volumes/downward-volumes.ts';
import { emptyVolumes } from '../volumes/empty-volumes.ts';
import { subPaths } from '../volumes/sub-paths.ts';

describe('pods and volumes', () => {
  onOneCluster({
    waiting: { changes, probes, hooks },
    together: { dataVolumes, downwardVolumes, emptyVolumes, subPaths, lives, generations },
    alone: { taints },
  });
});
