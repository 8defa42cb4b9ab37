/** What the conformance suite asks of paths in volumes. */

import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { at, type Json } from '../../../conformance/api-user.ts';
import { type ClusterWorld, nextNames, podsOf, scriptPod, sleep } from '../cluster-world.ts';
import type { SharedCluster } from '../shared-cluster.ts';
import { configMap, data, mounted, objectOf, pathOf, projectedConfigMap, type Source, secret } from './data-sources.ts';
import { downward, field } from './downward-sources.ts';

export function subPaths(cluster: SharedCluster): void {
  let world: ClusterWorld;
  let namespace: string;
  before(async () => {
    ({ world, namespace } = await cluster.enter());
  });

  const nextName = nextNames('v');

  const create = (source: Source, name: string, content: Readonly<Record<string, string>>) =>
    world.post(pathOf(source, namespace), objectOf(source, name, content));

  for (const [title, source] of [
    ['[sig-storage] Subpath Atomic writer volumes should support subpaths with configmap pod [Conformance]', configMap],
    ['[sig-storage] Subpath Atomic writer volumes should support subpaths with secret pod [Conformance]', secret],
    [
      '[sig-storage] Subpath Atomic writer volumes should support subpaths with projected pod [Conformance]',
      projectedConfigMap,
    ],
  ] as const) {
    it(title, async () => {
      const name = nextName();
      await create(source, name, data);
      const { spec } = mounted({ volume: source.volume(name, {}) });
      const volumeMounts = [{ name: 'volume', mountPath: '/test-file', subPath: 'data-1' }];
      const pod = scriptPod(name, 'test -f /test-file && cat /test-file', { spec, container: { volumeMounts } });
      assert.equal((await world.runPod(namespace, pod)).log, 'value-1');
    });
  }

  it('[sig-storage] Subpath Atomic writer volumes should support subpaths with configmap pod with mountPath of existing file [Conformance]', async () => {
    const name = nextName();
    await create(configMap, name, data);
    const { spec } = mounted({ volume: configMap.volume(name, {}) });
    const volumeMounts = [{ name: 'volume', mountPath: '/etc/passwd', subPath: 'data-1' }];
    const pod = scriptPod(name, 'cat /etc/passwd', { spec, container: { volumeMounts } });
    assert.equal((await world.runPod(namespace, pod)).log, 'value-1');
  });

  it('[sig-storage] Subpath Atomic writer volumes should support subpaths with downward pod [Conformance]', async () => {
    const spec = { volumes: [{ name: 'podinfo', ...downward([field('downward/podname', 'metadata.name')]) }] };
    const subPath = [{ name: 'podinfo', mountPath: '/test-folder', subPath: 'downward' }];
    const pod = scriptPod(nextName(), 'cat /test-folder/podname', { spec, container: { volumeMounts: subPath } });
    const { pod: ended, log } = await world.runPod(namespace, pod);
    assert.equal(log, at(ended, 'metadata.name'));
  });

  const withSubPath = (
    subPathExpr: string,
    script: string,
    annotation = 'mysubpath',
    env: readonly Json[] = [],
  ): Json => {
    const pod = scriptPod(nextName(), script, {
      spec: { volumes: [{ name: 'workdir', emptyDir: {} }] },
      container: {
        env: [{ name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }, ...env],
        volumeMounts: [
          { name: 'workdir', mountPath: '/logscontainer', subPathExpr },
          { name: 'workdir', mountPath: '/testcontainer' },
        ],
      },
    });
    return { ...pod, metadata: { ...(pod.metadata as Json), annotations: { mysubpath: annotation } } };
  };

  it('[sig-node] Variable Expansion should allow substituting values in a volume subpath [Conformance]', async () => {
    const script = 'echo written > /logscontainer/file; ls /testcontainer; cat "/testcontainer/$POD_NAME/file"';
    const { pod, log } = await world.runPod(namespace, withSubPath('$(POD_NAME)', script));
    assert.equal(log, `${at(pod, 'metadata.name')}\nwritten\n`);
  });

  /** It never starts, and says why. */
  async function refuses(subPathExpr: string, env: readonly Json[]): Promise<void> {
    const made = await world.post(podsOf(namespace), withSubPath(subPathExpr, 'true', '', env));
    const one = `${podsOf(namespace)}/${at(made, 'metadata.name')}`;
    const pod = await world.until(one, 'is refused', (object) => {
      const reason = at(object, 'status.containerStatuses.0.state.waiting.reason');
      return reason === 'CreateContainerConfigError';
    });
    assert.equal(at(pod, 'status.phase'), 'Pending');
    await world.delete(one);
  }

  it('[sig-node] Variable Expansion should fail substituting values in a volume subpath with backticks [Conformance]', () =>
    refuses('$(BACKTICKS)', [{ name: 'BACKTICKS', value: '..' }]));

  it('[sig-node] Variable Expansion should fail substituting values in a volume subpath with absolute path [Conformance]', () =>
    refuses('$(ABSOLUTE)', [{ name: 'ABSOLUTE', value: '/tmp' }]));

  const annotated = [
    { name: 'ANNOTATION', valueFrom: { fieldRef: { fieldPath: "metadata.annotations['mysubpath']" } } },
  ];

  it('[sig-node] Variable Expansion should verify that a failing subpath expansion can be modified during the lifecycle of a container [Conformance] [Slow]', async () => {
    const made = await world.post(podsOf(namespace), withSubPath('$(ANNOTATION)', sleep, '..', annotated));
    const one = `${podsOf(namespace)}/${at(made, 'metadata.name')}`;
    await world.until(
      one,
      'is refused',
      (object) => at(object, 'status.containerStatuses.0.state.waiting') !== undefined,
    );
    await world.patch(one, { metadata: { annotations: { mysubpath: 'mypath' } } });
    await world.until(one, 'runs', (object) => at(object, 'status.phase') === 'Running');
  });

  it('[sig-node] Variable Expansion should succeed in writing subpaths in container [Conformance]', async () => {
    const pod = await world.startPod(namespace, withSubPath('$(ANNOTATION)', sleep, 'mypath', annotated));
    const name = String(at(pod, 'metadata.name'));
    const script = 'echo x > /logscontainer/test.log; cat /testcontainer/mypath/test.log';
    assert.equal(await world.exec(namespace, name, script), 'x\n');
    // What it was expanded from may change: the volume can still be taken down.
    const one = `${podsOf(namespace)}/${name}`;
    await world.patch(one, { metadata: { annotations: { mysubpath: 'mynewpath' } } });
    await world.delete(one);
    await world.isGone(one);
  });
}
