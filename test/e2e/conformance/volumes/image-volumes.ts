/** What the conformance suite asks of volumes that hold what an image does. */

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import type { Running } from '../../../../base/lifecycle.ts';
import { silentLogger } from '../../../../base/logger.ts';
import { startRegistry } from '../../../../cluster/registry-process.ts';
import { runProgram } from '../../../support/local-cluster.ts';
import { type ClusterWorld, scriptPod } from '../cluster-world.ts';
import type { SharedCluster } from '../shared-cluster.ts';

const port = 5000;
const content = '{"kind": "kitten"}';

/** An image of one file, which is in a registry and nowhere else. */
async function pushImage(image: string): Promise<void> {
  const script = `
    set -e
    tree=$(mktemp -d)
    echo '${content}' >"$tree/data.json"
    tar -C "$tree" -c . | docker import - "$0"
    docker push "$0"
    docker rmi "$0"
    rm -r "$tree"`;
  await runProgram('bash', ['-c', script, image]);
}

export function imageVolumes(cluster: SharedCluster): void {
  let world: ClusterWorld;
  let namespace: string;
  let folder: string;
  let registry: Running;
  before(async () => {
    ({ world, namespace } = await cluster.enter());
    folder = await mkdtemp(join(tmpdir(), 'longshore-registry-'));
    registry = await startRegistry({ folder, port, logger: silentLogger });
  });
  after(async () => {
    await registry.stop();
    await rm(folder, { recursive: true });
  });

  it('[sig-node] ImageVolume should succeed with pod and pull policy of Always [LinuxOnly] [MinimumKubeletVersion:1.35] [Conformance]', async () => {
    const reference = `localhost:${port}/kitten:1.7`;
    await pushImage(reference);
    const pod = scriptPod('image-volume', 'exec 2>&1; cat /volume/data.json; touch /volume/data.json', {
      spec: { volumes: [{ name: 'volume', image: { reference, pullPolicy: 'Always' } }] },
      container: { volumeMounts: [{ name: 'volume', mountPath: '/volume' }] },
    });
    const { log } = await world.runPod(namespace, pod);
    assert.match(log, /^\{"kind": "kitten"\}\n.*Read-only file system\n$/);
  });
}
