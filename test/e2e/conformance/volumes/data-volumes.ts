/** What the conformance suite asks of volumes of ConfigMaps and Secrets, plain and projected. */

import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import type { Json } from '../../../conformance/api-user.ts';
import { type ClusterWorld, nextNames, scriptPod } from '../cluster-world.ts';
import type { SharedCluster } from '../shared-cluster.ts';
import {
  base64,
  configMap,
  data,
  mounted,
  type Options,
  objectOf,
  pathOf,
  projectedConfigMap,
  projectedSecret,
  type Source,
  secret,
} from './data-sources.ts';
import { field } from './downward-sources.ts';

export function dataVolumes(cluster: SharedCluster): void {
  let world: ClusterWorld;
  let namespace: string;
  before(async () => {
    ({ world, namespace } = await cluster.enter());
  });

  const nextName = nextNames('v');

  const create = (source: Source, name: string, content: Readonly<Record<string, string>>) =>
    world.post(pathOf(source, namespace), objectOf(source, name, content));

  interface Wanted extends Options {
    readonly file?: string;
    readonly mode?: string;
    /** Of the pod. */
    readonly securityContext?: Json;
  }

  /** A pod reads the file and says its mode. */
  async function consume(source: Source, { file = 'data-1', mode = '644', securityContext, ...options }: Wanted = {}) {
    const name = nextName();
    await create(source, name, data);
    const { spec, volumeMounts } = mounted({ volume: source.volume(name, options) });
    const script = `stat -L -c %a /etc/volume/${file} && cat /etc/volume/${file}`;
    const pod = scriptPod(name, script, {
      spec: { ...spec, ...(securityContext && { securityContext }) },
      container: { volumeMounts },
    });
    assert.equal(await world.outputOf(namespace, pod), `${mode}\n${file === 'data-1' ? 'value-1' : 'value-2'}`);
  }

  const mapping = { items: [{ key: 'data-2', path: 'path/to/data-2' }], file: 'path/to/data-2' };
  const mappingWithMode = {
    items: [{ key: 'data-2', path: 'path/to/data-2', mode: 0o400 }],
    file: 'path/to/data-2',
    mode: '400',
  };
  const nonRoot = { securityContext: { runAsUser: 1000 } };
  /** With a group of its own, files are the group's too. */
  const nonRootWithGroup = { securityContext: { runAsUser: 1000, fsGroup: 1001 }, defaultMode: 0o440, mode: '440' };
  const defaultMode = { defaultMode: 0o400, mode: '400' };

  for (const [title, source, wanted] of [
    ['[sig-storage] ConfigMap should be consumable from pods in volume [Conformance] [NodeConformance]', configMap, {}],
    [
      '[sig-storage] ConfigMap should be consumable from pods in volume as non-root [Conformance] [NodeConformance]',
      configMap,
      nonRoot,
    ],
    [
      '[sig-storage] ConfigMap should be consumable from pods in volume with defaultMode set [LinuxOnly] [Conformance] [NodeConformance]',
      configMap,
      defaultMode,
    ],
    [
      '[sig-storage] ConfigMap should be consumable from pods in volume with mappings [Conformance] [NodeConformance]',
      configMap,
      mapping,
    ],
    [
      '[sig-storage] ConfigMap should be consumable from pods in volume with mappings and Item mode set [LinuxOnly] [Conformance] [NodeConformance]',
      configMap,
      mappingWithMode,
    ],
    [
      '[sig-storage] ConfigMap should be consumable from pods in volume with mappings as non-root [Conformance] [NodeConformance]',
      configMap,
      { ...mapping, ...nonRoot },
    ],
    [
      '[sig-storage] Projected configMap should be consumable from pods in volume [Conformance] [NodeConformance]',
      projectedConfigMap,
      {},
    ],
    [
      '[sig-storage] Projected configMap should be consumable from pods in volume as non-root [Conformance] [NodeConformance]',
      projectedConfigMap,
      nonRoot,
    ],
    [
      '[sig-storage] Projected configMap should be consumable from pods in volume with defaultMode set [LinuxOnly] [Conformance] [NodeConformance]',
      projectedConfigMap,
      defaultMode,
    ],
    [
      '[sig-storage] Projected configMap should be consumable from pods in volume with mappings [Conformance] [NodeConformance]',
      projectedConfigMap,
      mapping,
    ],
    [
      '[sig-storage] Projected configMap should be consumable from pods in volume with mappings and Item mode set [LinuxOnly] [Conformance] [NodeConformance]',
      projectedConfigMap,
      mappingWithMode,
    ],
    [
      '[sig-storage] Projected configMap should be consumable from pods in volume with mappings as non-root [Conformance] [NodeConformance]',
      projectedConfigMap,
      { ...mapping, ...nonRoot },
    ],
    ['[sig-storage] Secrets should be consumable from pods in volume [Conformance] [NodeConformance]', secret, {}],
    [
      '[sig-storage] Secrets should be consumable from pods in volume as non-root with defaultMode and fsGroup set [LinuxOnly] [Conformance] [NodeConformance]',
      secret,
      nonRootWithGroup,
    ],
    [
      '[sig-storage] Secrets should be consumable from pods in volume with defaultMode set [LinuxOnly] [Conformance] [NodeConformance]',
      secret,
      defaultMode,
    ],
    [
      '[sig-storage] Secrets should be consumable from pods in volume with mappings [Conformance] [NodeConformance]',
      secret,
      mapping,
    ],
    [
      '[sig-storage] Secrets should be consumable from pods in volume with mappings and Item Mode set [LinuxOnly] [Conformance] [NodeConformance]',
      secret,
      mappingWithMode,
    ],
    [
      '[sig-storage] Projected secret should be consumable from pods in volume [Conformance] [NodeConformance]',
      projectedSecret,
      {},
    ],
    [
      '[sig-storage] Projected secret should be consumable from pods in volume as non-root with defaultMode and fsGroup set [LinuxOnly] [Conformance] [NodeConformance]',
      projectedSecret,
      nonRootWithGroup,
    ],
    [
      '[sig-storage] Projected secret should be consumable from pods in volume with defaultMode set [LinuxOnly] [Conformance] [NodeConformance]',
      projectedSecret,
      defaultMode,
    ],
    [
      '[sig-storage] Projected secret should be consumable from pods in volume with mappings [Conformance] [NodeConformance]',
      projectedSecret,
      mapping,
    ],
    [
      '[sig-storage] Projected secret should be consumable from pods in volume with mappings and Item Mode set [LinuxOnly] [Conformance] [NodeConformance]',
      projectedSecret,
      mappingWithMode,
    ],
  ] as const) {
    it(title, () => consume(source, wanted));
  }

  for (const [title, source] of [
    [
      '[sig-storage] ConfigMap should be consumable in multiple volumes in the same pod [Conformance] [NodeConformance]',
      configMap,
    ],
    [
      '[sig-storage] Projected configMap should be consumable in multiple volumes in the same pod [Conformance] [NodeConformance]',
      projectedConfigMap,
    ],
    ['[sig-storage] Secrets should be consumable in multiple volumes in a pod [Conformance] [NodeConformance]', secret],
    [
      '[sig-storage] Projected secret should be consumable in multiple volumes in a pod [Conformance] [NodeConformance]',
      projectedSecret,
    ],
  ] as const) {
    it(title, async () => {
      const name = nextName();
      await create(source, name, data);
      const { spec, volumeMounts } = mounted({ one: source.volume(name, {}), two: source.volume(name, {}) });
      const pod = scriptPod(name, 'cat /etc/one/data-1 /etc/two/data-1', { spec, container: { volumeMounts } });
      assert.equal((await world.runPod(namespace, pod)).log, 'value-1value-1');
    });
  }

  it('[sig-storage] ConfigMap binary data should be reflected in volume [Conformance] [NodeConformance]', async () => {
    const name = nextName();
    const bytes = Buffer.from([0xde, 0xca, 0xfe, 0xba, 0xd0, 0xfe, 0xff]);
    const object = { metadata: { name }, data: { 'data-1': 'value-1' }, binaryData: { 'dump.bin': base64(bytes) } };
    await world.post(`/api/v1/namespaces/${namespace}/configmaps`, object);
    const { spec, volumeMounts } = mounted({ volume: configMap.volume(name, {}) });
    const script = 'cat /etc/volume/data-1; echo; base64 /etc/volume/dump.bin';
    const { log } = await world.runPod(namespace, scriptPod(name, script, { spec, container: { volumeMounts } }));
    assert.equal(log, `value-1\n${base64(bytes)}\n`);
  });

  it('[sig-storage] Secrets should be able to mount in a volume regardless of a different secret existing with same name in different namespace [Conformance] [NodeConformance]', async () => {
    const other = await world.namespace();
    const name = nextName();
    await world.post(pathOf(secret, other), objectOf(secret, name, { 'data-1': 'wrong' }));
    await create(secret, name, { 'data-1': 'right' });
    const { spec, volumeMounts } = mounted({ volume: secret.volume(name, {}) });
    const script = 'stat -L -c %a /etc/volume/data-1; cat /etc/volume/data-1';
    const pod = scriptPod(name, script, { spec, container: { volumeMounts } });
    assert.equal(await world.outputOf(namespace, pod), '644\nright');
  });

  it('[sig-storage] Projected combined should project all components that make up the projection API [Projection] [Conformance] [NodeConformance]', async () => {
    const name = nextName();
    await create(configMap, name, { 'configmap-data': 'from the map' });
    await create(secret, name, { 'secret-data': 'from the secret' });
    const amounts = ['limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'];
    const items = [
      field('podname', 'metadata.name'),
      ...amounts.map((resource) => ({ path: resource, resourceFieldRef: { containerName: 'c', resource } })),
    ];
    const sources = [{ secret: { name } }, { configMap: { name } }, { downwardAPI: { items } }];
    const { spec, volumeMounts } = mounted({ all: { projected: { sources } } });
    const files = ['podname', 'secret-data', 'configmap-data', ...amounts];
    const script = `cd /etc/all; for file in ${files.join(' ')}; do cat $file; echo; done`;
    const resources = { requests: { cpu: '250m', memory: '32Mi' }, limits: { cpu: '1250m', memory: '64Mi' } };
    const log = await world.outputOf(
      namespace,
      scriptPod(name, script, { spec, container: { volumeMounts, resources } }),
    );
    const wanted = [name, 'from the secret', 'from the map', '2', '67108864', '1', '33554432'];
    assert.deepEqual(log.trim().split('\n'), wanted);
  });

  it('[sig-storage] EmptyDir wrapper volumes should not conflict [Conformance]', async () => {
    const name = nextName();
    await create(secret, name, data);
    await create(configMap, name, data);
    const { spec, volumeMounts } = mounted({ secret: secret.volume(name, {}), map: configMap.volume(name, {}) });
    const pod = scriptPod(name, 'cat /etc/secret/data-1 /etc/map/data-2', { spec, container: { volumeMounts } });
    assert.equal((await world.runPod(namespace, pod)).log, 'value-1value-2');
  });

  it('[sig-storage] EmptyDir wrapper volumes should not cause race condition when used for configmaps [Conformance] [Serial]', async () => {
    const names = Array.from({ length: 50 }, (_, i) => `racey-configmap-${i}`);
    for (const name of names) await create(configMap, name, { 'data-1': name });
    const { spec, volumeMounts } = mounted(Object.fromEntries(names.map((name) => [name, configMap.volume(name, {})])));
    const script = 'cat /etc/racey-*/data-1';
    const runs = Array.from({ length: 5 }, (_, i) =>
      world.runPod(namespace, scriptPod(`racey-${i}`, script, { spec, container: { volumeMounts } })),
    );
    const all = [...names].sort().join('');
    for (const { log } of await Promise.all(runs)) assert.equal(log, all);
  });
}
