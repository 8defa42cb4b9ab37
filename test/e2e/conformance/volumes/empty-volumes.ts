/** What the conformance suite asks of empty volumes. */

import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import type { Json } from '../../../conformance/api-user.ts';
import { eventually } from '../../../support/eventually.ts';
import { type ClusterWorld, image, nextNames, podsOf, scriptPod, sleep } from '../cluster-world.ts';
import type { SharedCluster } from '../shared-cluster.ts';
import { volumeMounts } from './downward-sources.ts';

export function emptyVolumes(cluster: SharedCluster): void {
  let world: ClusterWorld;
  let namespace: string;
  before(async () => {
    ({ world, namespace } = await cluster.enter());
  });

  const nextName = nextNames('v');

  /** What the script writes in a pod that has the volume. */
  function read(volume: Json, script: string, container: Json = {}): Promise<string> {
    const spec = { volumes: [{ name: 'podinfo', ...volume }] };
    return world.outputOf(
      namespace,
      scriptPod(nextName(), script, { spec, container: { volumeMounts, ...container } }),
    );
  }

  const emptyVolume = (medium: string): Json => ({ emptyDir: medium === 'tmpfs' ? { medium: 'Memory' } : {} });

  for (const [title, user, mode_, letters, medium] of [
    [
      '[sig-storage] EmptyDir volumes should support (root,0644,default) [LinuxOnly] [Conformance] [NodeConformance]',
      0,
      '0644',
      '-rw-r--r--',
      'default',
    ],
    [
      '[sig-storage] EmptyDir volumes should support (root,0644,tmpfs) [LinuxOnly] [Conformance] [NodeConformance]',
      0,
      '0644',
      '-rw-r--r--',
      'tmpfs',
    ],
    [
      '[sig-storage] EmptyDir volumes should support (root,0666,default) [LinuxOnly] [Conformance] [NodeConformance]',
      0,
      '0666',
      '-rw-rw-rw-',
      'default',
    ],
    [
      '[sig-storage] EmptyDir volumes should support (root,0666,tmpfs) [LinuxOnly] [Conformance] [NodeConformance]',
      0,
      '0666',
      '-rw-rw-rw-',
      'tmpfs',
    ],
    [
      '[sig-storage] EmptyDir volumes should support (root,0777,default) [LinuxOnly] [Conformance] [NodeConformance]',
      0,
      '0777',
      '-rwxrwxrwx',
      'default',
    ],
    [
      '[sig-storage] EmptyDir volumes should support (root,0777,tmpfs) [LinuxOnly] [Conformance] [NodeConformance]',
      0,
      '0777',
      '-rwxrwxrwx',
      'tmpfs',
    ],
    [
      '[sig-storage] EmptyDir volumes should support (non-root,0644,default) [LinuxOnly] [Conformance] [NodeConformance]',
      1001,
      '0644',
      '-rw-r--r--',
      'default',
    ],
    [
      '[sig-storage] EmptyDir volumes should support (non-root,0644,tmpfs) [LinuxOnly] [Conformance] [NodeConformance]',
      1001,
      '0644',
      '-rw-r--r--',
      'tmpfs',
    ],
    [
      '[sig-storage] EmptyDir volumes should support (non-root,0666,default) [LinuxOnly] [Conformance] [NodeConformance]',
      1001,
      '0666',
      '-rw-rw-rw-',
      'default',
    ],
    [
      '[sig-storage] EmptyDir volumes should support (non-root,0666,tmpfs) [LinuxOnly] [Conformance] [NodeConformance]',
      1001,
      '0666',
      '-rw-rw-rw-',
      'tmpfs',
    ],
    [
      '[sig-storage] EmptyDir volumes should support (non-root,0777,default) [LinuxOnly] [Conformance] [NodeConformance]',
      1001,
      '0777',
      '-rwxrwxrwx',
      'default',
    ],
    [
      '[sig-storage] EmptyDir volumes should support (non-root,0777,tmpfs) [LinuxOnly] [Conformance] [NodeConformance]',
      1001,
      '0777',
      '-rwxrwxrwx',
      'tmpfs',
    ],
  ] as const) {
    it(title, async () => {
      const file = '/etc/podinfo/test-file';
      const script = `echo content > ${file} && chmod ${mode_} ${file} && stat -c '%A %u' ${file} && cat ${file}; ${mountType}`;
      const log = await read(emptyVolume(medium), script, { securityContext: { runAsUser: user } });
      const [stated, content, type] = log.split('\n');
      assert.deepEqual([stated, content], [`${letters} ${user}`, 'content']);
      assert.equal(type === 'tmpfs', medium === 'tmpfs', type);
    });
  }

  const mountType = "grep ' /etc/podinfo ' /proc/mounts | cut -d' ' -f3";

  for (const [title, medium] of [
    [
      '[sig-storage] EmptyDir volumes volume on default medium should have the correct mode [LinuxOnly] [Conformance] [NodeConformance]',
      'default',
    ],
    [
      '[sig-storage] EmptyDir volumes volume on tmpfs should have the correct mode [LinuxOnly] [Conformance] [NodeConformance]',
      'tmpfs',
    ],
  ] as const) {
    it(title, async () => {
      const log = await read(emptyVolume(medium), `stat -c %A /etc/podinfo; ${mountType}`);
      const [stated, type] = log.split('\n');
      // A tmpfs has the sticky bit, upstream too.
      assert.equal(stated, medium === 'tmpfs' ? 'drwxrwxrwt' : 'drwxrwxrwx');
      assert.equal(type === 'tmpfs', medium === 'tmpfs', type);
    });
  }

  it('[sig-storage] EmptyDir volumes pod should support shared volumes between containers [Conformance]', async () => {
    const name = nextName();
    const pod = scriptPod(
      name,
      `while [ ! -e /etc/podinfo/shared ]; do sleep 0.1; done; cat /etc/podinfo/shared; ${sleep}`,
      {
        spec: { volumes: [{ name: 'podinfo', emptyDir: {} }] },
        container: { volumeMounts },
      },
    );
    const writer = { name: 'sub', image, command: ['sh', '-c', 'echo Hello > /etc/podinfo/shared'], volumeMounts };
    const spec = pod.spec as Json;
    await world.post(podsOf(namespace), {
      ...pod,
      spec: { ...spec, containers: [...(spec.containers as Json[]), writer] },
    });
    await eventually('it is read', async () => (await world.log(`${podsOf(namespace)}/${name}`, 'c')) === 'Hello\n');
  });
}
