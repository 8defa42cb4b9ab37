/** What the conformance suite asks of volumes of the downward API, plain and projected. */

import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { at, type Json } from '../../../conformance/api-user.ts';
import { type ClusterWorld, nextNames, scriptPod } from '../cluster-world.ts';
import type { SharedCluster } from '../shared-cluster.ts';
import { downward, field, projected, volumeMounts } from './downward-sources.ts';

export function downwardVolumes(cluster: SharedCluster): void {
  let world: ClusterWorld;
  let namespace: string;
  before(async () => {
    ({ world, namespace } = await cluster.enter());
  });

  const nextName = nextNames('v');

  const resource = (path: string, of: string): Json => ({
    path,
    resourceFieldRef: { containerName: 'c', resource: of },
  });
  /** What the script writes in a pod that has the volume. */
  async function read(volume: Json, script: string, container: Json = {}): Promise<{ pod: Json; log: string }> {
    const spec = { volumes: [{ name: 'podinfo', ...volume }] };
    const name = nextName();
    const outcome = await world.runPod(
      namespace,
      scriptPod(name, script, { spec, container: { volumeMounts, ...container } }),
    );
    assert.equal(at(outcome.pod, 'status.phase'), 'Succeeded', outcome.log);
    return outcome;
  }

  const podName = field('podname', 'metadata.name');

  for (const [title, volume] of [
    ['[sig-storage] Downward API volume should provide podname only [Conformance] [NodeConformance]', downward],
    ['[sig-storage] Projected downwardAPI should provide podname only [Conformance] [NodeConformance]', projected],
  ] as const) {
    it(title, async () => {
      const { pod, log } = await read(volume([podName]), 'cat /etc/podinfo/podname');
      assert.equal(log, at(pod, 'metadata.name'));
    });
  }

  const showMode = 'stat -L -c %A /etc/podinfo/podname';

  for (const [title, volume] of [
    [
      '[sig-storage] Downward API volume should set DefaultMode on files [LinuxOnly] [Conformance] [NodeConformance]',
      downward([podName], 0o400),
    ],
    [
      '[sig-storage] Projected downwardAPI should set DefaultMode on files [LinuxOnly] [Conformance] [NodeConformance]',
      projected([podName], 0o400),
    ],
    [
      '[sig-storage] Downward API volume should set mode on item file [LinuxOnly] [Conformance] [NodeConformance]',
      downward([field('podname', 'metadata.name', { mode: 0o400 })]),
    ],
    [
      '[sig-storage] Projected downwardAPI should set mode on item file [LinuxOnly] [Conformance] [NodeConformance]',
      projected([field('podname', 'metadata.name', { mode: 0o400 })]),
    ],
  ] as const) {
    it(title, async () => {
      assert.equal((await read(volume, showMode)).log, '-r--------\n');
    });
  }

  const resources = { requests: { cpu: '250m', memory: '32Mi' }, limits: { cpu: '1250m', memory: '64Mi' } };

  for (const [title, volume, of, value] of [
    [
      "[sig-storage] Downward API volume should provide container's cpu limit [Conformance] [NodeConformance]",
      downward,
      'limits.cpu',
      '2',
    ],
    [
      "[sig-storage] Downward API volume should provide container's memory limit [Conformance] [NodeConformance]",
      downward,
      'limits.memory',
      '67108864',
    ],
    [
      "[sig-storage] Downward API volume should provide container's cpu request [Conformance] [NodeConformance]",
      downward,
      'requests.cpu',
      '1',
    ],
    [
      "[sig-storage] Downward API volume should provide container's memory request [Conformance] [NodeConformance]",
      downward,
      'requests.memory',
      '33554432',
    ],
    [
      "[sig-storage] Projected downwardAPI should provide container's cpu limit [Conformance] [NodeConformance]",
      projected,
      'limits.cpu',
      '2',
    ],
    [
      "[sig-storage] Projected downwardAPI should provide container's memory limit [Conformance] [NodeConformance]",
      projected,
      'limits.memory',
      '67108864',
    ],
    [
      "[sig-storage] Projected downwardAPI should provide container's cpu request [Conformance] [NodeConformance]",
      projected,
      'requests.cpu',
      '1',
    ],
    [
      "[sig-storage] Projected downwardAPI should provide container's memory request [Conformance] [NodeConformance]",
      projected,
      'requests.memory',
      '33554432',
    ],
  ] as const) {
    it(title, async () => {
      const { log } = await read(volume([resource('amount', of)]), 'cat /etc/podinfo/amount', { resources });
      assert.equal(log, value);
    });
  }

  for (const [title, volume, of] of [
    [
      '[sig-storage] Downward API volume should provide node allocatable (cpu) as default cpu limit if the limit is not set [Conformance] [NodeConformance]',
      downward,
      'cpu',
    ],
    [
      '[sig-storage] Downward API volume should provide node allocatable (memory) as default memory limit if the limit is not set [Conformance] [NodeConformance]',
      downward,
      'memory',
    ],
    [
      '[sig-storage] Projected downwardAPI should provide node allocatable (cpu) as default cpu limit if the limit is not set [Conformance] [NodeConformance]',
      projected,
      'cpu',
    ],
    [
      '[sig-storage] Projected downwardAPI should provide node allocatable (memory) as default memory limit if the limit is not set [Conformance] [NodeConformance]',
      projected,
      'memory',
    ],
  ] as const) {
    it(title, async () => {
      const { pod, log } = await read(volume([resource('amount', `limits.${of}`)]), 'cat /etc/podinfo/amount');
      const { status } = await world.get(`/api/v1/nodes/${at(pod, 'spec.nodeName')}`);
      const allocatable = String(at(status, `allocatable.${of}`));
      const kibibytes = /^(\d+)Ki$/.exec(allocatable)?.[1];
      assert.equal(log, kibibytes === undefined ? allocatable : String(Number(kibibytes) * 1024));
    });
  }
}
