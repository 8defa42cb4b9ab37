/** What the conformance suite asks of volumes of ConfigMaps and Secrets, plain and projected. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { at, type Json } from '../../conformance/api-user.ts';
import { eventually } from '../../support/eventually.ts';
import { ClusterWorld, scriptPod } from './cluster-world.ts';

let world: ClusterWorld;
let namespace: string;
before(async () => {
  world = await ClusterWorld.start();
  namespace = await world.namespace();
});
after(() => world.stop());

const sleep = 'exec sleep 100000';
const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64');
let count = 0;
const nextName = (): string => {
  count += 1;
  return `v-${count}`;
};

interface Options {
  readonly items?: readonly Json[];
  readonly defaultMode?: number;
  readonly optional?: boolean;
}

/** One way to get files from an object. */
interface Source {
  readonly plural: string;
  encode(data: Readonly<Record<string, string>>): Json;
  volume(name: string, options: Options): Json;
}

const asSecret = (data: Readonly<Record<string, string>>): Json => ({
  data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(value)])),
});
const configMap: Source = {
  plural: 'configmaps',
  encode: (data) => ({ data }),
  volume: (name, options) => ({ configMap: { name, ...options } }),
};
const secret: Source = {
  plural: 'secrets',
  encode: asSecret,
  volume: (secretName, options) => ({ secret: { secretName, ...options } }),
};
const projected = (source: Source, key: string): Source => ({
  ...source,
  volume: (name, { defaultMode, ...options }) => ({
    projected: { ...(defaultMode !== undefined && { defaultMode }), sources: [{ [key]: { name, ...options } }] },
  }),
});
const projectedConfigMap = projected(configMap, 'configMap');
const projectedSecret = projected(secret, 'secret');

async function create(source: Source, name: string, data: Readonly<Record<string, string>>, where = namespace) {
  await world.post(`/api/v1/namespaces/${where}/${source.plural}`, { metadata: { name }, ...source.encode(data) });
}
const pathOf = (source: Source, name: string): string => `/api/v1/namespaces/${namespace}/${source.plural}/${name}`;

/** Three keys, the second of which is asked for. */
const data = { 'data-1': 'value-1', 'data-2': 'value-2', 'data-3': 'value-3' };
const mounted = (volumes: Readonly<Record<string, Json>>): { spec: Json; volumeMounts: Json[] } => ({
  spec: { volumes: Object.entries(volumes).map(([name, volume]) => ({ name, ...volume })) },
  volumeMounts: Object.keys(volumes).map((name) => ({ name, mountPath: `/etc/${name}`, readOnly: true })),
});

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
  const { pod: ended, log } = await world.runPod(namespace, pod);
  assert.equal(at(ended, 'status.phase'), 'Succeeded', log);
  assert.equal(log, `${mode}\n${file === 'data-1' ? 'value-1' : 'value-2'}`);
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
  ['[sig-storage] ConfigMap should be consumable from pods in volume [NodeConformance] [Conformance]', configMap, {}],
  [
    '[sig-storage] ConfigMap should be consumable from pods in volume as non-root [NodeConformance] [Conformance]',
    configMap,
    nonRoot,
  ],
  [
    '[sig-storage] ConfigMap should be consumable from pods in volume with defaultMode set [LinuxOnly] [NodeConformance] [Conformance]',
    configMap,
    defaultMode,
  ],
  [
    '[sig-storage] ConfigMap should be consumable from pods in volume with mappings [NodeConformance] [Conformance]',
    configMap,
    mapping,
  ],
  [
    '[sig-storage] ConfigMap should be consumable from pods in volume with mappings and Item mode set [LinuxOnly] [NodeConformance] [Conformance]',
    configMap,
    mappingWithMode,
  ],
  [
    '[sig-storage] ConfigMap should be consumable from pods in volume with mappings as non-root [NodeConformance] [Conformance]',
    configMap,
    { ...mapping, ...nonRoot },
  ],
  [
    '[sig-storage] Projected configMap should be consumable from pods in volume [NodeConformance] [Conformance]',
    projectedConfigMap,
    {},
  ],
  [
    '[sig-storage] Projected configMap should be consumable from pods in volume as non-root [NodeConformance] [Conformance]',
    projectedConfigMap,
    nonRoot,
  ],
  [
    '[sig-storage] Projected configMap should be consumable from pods in volume with defaultMode set [LinuxOnly] [NodeConformance] [Conformance]',
    projectedConfigMap,
    defaultMode,
  ],
  [
    '[sig-storage] Projected configMap should be consumable from pods in volume with mappings [NodeConformance] [Conformance]',
    projectedConfigMap,
    mapping,
  ],
  [
    '[sig-storage] Projected configMap should be consumable from pods in volume with mappings and Item mode set [LinuxOnly] [NodeConformance] [Conformance]',
    projectedConfigMap,
    mappingWithMode,
  ],
  [
    '[sig-storage] Projected configMap should be consumable from pods in volume with mappings as non-root [NodeConformance] [Conformance]',
    projectedConfigMap,
    { ...mapping, ...nonRoot },
  ],
  ['[sig-storage] Secrets should be consumable from pods in volume [NodeConformance] [Conformance]', secret, {}],
  [
    '[sig-storage] Secrets should be consumable from pods in volume as non-root with defaultMode and fsGroup set [LinuxOnly] [NodeConformance] [Conformance]',
    secret,
    nonRootWithGroup,
  ],
  [
    '[sig-storage] Secrets should be consumable from pods in volume with defaultMode set [LinuxOnly] [NodeConformance] [Conformance]',
    secret,
    defaultMode,
  ],
  [
    '[sig-storage] Secrets should be consumable from pods in volume with mappings [NodeConformance] [Conformance]',
    secret,
    mapping,
  ],
  [
    '[sig-storage] Secrets should be consumable from pods in volume with mappings and Item Mode set [LinuxOnly] [NodeConformance] [Conformance]',
    secret,
    mappingWithMode,
  ],
  [
    '[sig-storage] Projected secret should be consumable from pods in volume [NodeConformance] [Conformance]',
    projectedSecret,
    {},
  ],
  [
    '[sig-storage] Projected secret should be consumable from pods in volume as non-root with defaultMode and fsGroup set [LinuxOnly] [NodeConformance] [Conformance]',
    projectedSecret,
    nonRootWithGroup,
  ],
  [
    '[sig-storage] Projected secret should be consumable from pods in volume with defaultMode set [LinuxOnly] [NodeConformance] [Conformance]',
    projectedSecret,
    defaultMode,
  ],
  [
    '[sig-storage] Projected secret should be consumable from pods in volume with mappings [NodeConformance] [Conformance]',
    projectedSecret,
    mapping,
  ],
  [
    '[sig-storage] Projected secret should be consumable from pods in volume with mappings and Item Mode set [LinuxOnly] [NodeConformance] [Conformance]',
    projectedSecret,
    mappingWithMode,
  ],
] as const) {
  it(title, () => consume(source, wanted));
}

for (const [title, source] of [
  [
    '[sig-storage] ConfigMap should be consumable in multiple volumes in the same pod [NodeConformance] [Conformance]',
    configMap,
  ],
  [
    '[sig-storage] Projected configMap should be consumable in multiple volumes in the same pod [NodeConformance] [Conformance]',
    projectedConfigMap,
  ],
  ['[sig-storage] Secrets should be consumable in multiple volumes in a pod [NodeConformance] [Conformance]', secret],
  [
    '[sig-storage] Projected secret should be consumable in multiple volumes in a pod [NodeConformance] [Conformance]',
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

// Side by side: a kubelet looks at its volumes again once a minute.
describe('changes', { concurrency: 6 }, () => {
  for (const [title, source] of [
    ['[sig-storage] ConfigMap updates should be reflected in volume [NodeConformance] [Conformance]', configMap],
    [
      '[sig-storage] Projected configMap updates should be reflected in volume [NodeConformance] [Conformance]',
      projectedConfigMap,
    ],
  ] as const) {
    it(title, async () => {
      const name = nextName();
      await create(source, name, { 'data-1': 'value-1' });
      const { spec, volumeMounts } = mounted({ volume: source.volume(name, {}) });
      await world.startPod(namespace, scriptPod(name, sleep, { spec, container: { volumeMounts } }));
      const read = () => world.exec(namespace, name, 'cat /etc/volume/data-1');
      assert.equal(await read(), 'value-1');
      await world.patch(pathOf(source, name), source.encode({ 'data-1': 'value-2' }));
      await eventually('the new value', async () => (await read()) === 'value-2', { timeoutMs: 120_000, everyMs: 500 });
    });
  }

  for (const [title, source] of [
    [
      '[sig-storage] ConfigMap optional updates should be reflected in volume [NodeConformance] [Conformance]',
      configMap,
    ],
    [
      '[sig-storage] Projected configMap optional updates should be reflected in volume [NodeConformance] [Conformance]',
      projectedConfigMap,
    ],
    ['[sig-storage] Secrets optional updates should be reflected in volume [NodeConformance] [Conformance]', secret],
    [
      '[sig-storage] Projected secret optional updates should be reflected in volume [NodeConformance] [Conformance]',
      projectedSecret,
    ],
  ] as const) {
    it(title, async () => {
      const name = nextName();
      await create(source, `${name}-deleted`, { 'data-1': 'value-1' });
      await create(source, `${name}-updated`, { 'data-1': 'value-1' });
      const volume = (which: string): Json => source.volume(`${name}-${which}`, { optional: true });
      const volumes = { deleted: volume('deleted'), updated: volume('updated'), created: volume('created') };
      const { spec, volumeMounts } = mounted(volumes);
      await world.startPod(namespace, scriptPod(name, sleep, { spec, container: { volumeMounts } }));
      const script = 'cd /etc; ls deleted; cat updated/data-3 created/data-1 2>/bin/null; echo';
      const read = () => world.exec(namespace, name, script);
      assert.equal(await read(), 'data-1\n\n');
      await world.delete(pathOf(source, `${name}-deleted`));
      await world.patch(pathOf(source, `${name}-updated`), {
        data: { 'data-1': null, ...(source.encode({ 'data-3': 'value-3' }).data as Json) },
      });
      await create(source, `${name}-created`, { 'data-1': 'value-1' });
      await eventually('all three', async () => (await read()) === 'value-3value-1\n', {
        timeoutMs: 120_000,
        everyMs: 500,
      });
    });
  }
});

it('[sig-storage] ConfigMap binary data should be reflected in volume [NodeConformance] [Conformance]', async () => {
  const name = nextName();
  const bytes = Buffer.from([0xde, 0xca, 0xfe, 0xba, 0xd0, 0xfe, 0xff]);
  const object = { metadata: { name }, data: { 'data-1': 'value-1' }, binaryData: { 'dump.bin': base64(bytes) } };
  await world.post(`/api/v1/namespaces/${namespace}/configmaps`, object);
  const { spec, volumeMounts } = mounted({ volume: configMap.volume(name, {}) });
  const script = 'cat /etc/volume/data-1; echo; base64 /etc/volume/dump.bin';
  const { log } = await world.runPod(namespace, scriptPod(name, script, { spec, container: { volumeMounts } }));
  assert.equal(log, `value-1\n${base64(bytes)}\n`);
});

it('[sig-storage] Secrets should be able to mount in a volume regardless of a different secret existing with same name in different namespace [NodeConformance] [Conformance]', async () => {
  const other = await world.namespace();
  const name = nextName();
  await create(secret, name, { 'data-1': 'wrong' }, other);
  await create(secret, name, { 'data-1': 'right' });
  const { spec, volumeMounts } = mounted({ volume: secret.volume(name, {}) });
  const pod = scriptPod(name, 'cat /etc/volume/data-1', { spec, container: { volumeMounts } });
  assert.equal((await world.runPod(namespace, pod)).log, 'right');
});

it('[sig-storage] Projected combined should project all components that make up the projection API [Projection] [NodeConformance] [Conformance]', async () => {
  const name = nextName();
  await create(configMap, name, { 'configmap-data': 'from the map' });
  await create(secret, name, { 'secret-data': 'from the secret' });
  const items = [{ path: 'podname', fieldRef: { fieldPath: 'metadata.name' } }];
  const sources = [{ secret: { name } }, { configMap: { name } }, { downwardAPI: { items } }];
  const { spec, volumeMounts } = mounted({ all: { projected: { sources } } });
  const script = 'cd /etc/all; cat podname; echo; cat secret-data; echo; cat configmap-data';
  const { log } = await world.runPod(namespace, scriptPod(name, script, { spec, container: { volumeMounts } }));
  assert.equal(log, `${name}\nfrom the secret\nfrom the map`);
});

it('[sig-storage] EmptyDir wrapper volumes should not conflict [Conformance]', async () => {
  const name = nextName();
  await create(secret, name, data);
  await create(configMap, name, data);
  const { spec, volumeMounts } = mounted({ secret: secret.volume(name, {}), map: configMap.volume(name, {}) });
  const pod = scriptPod(name, 'cat /etc/secret/data-1 /etc/map/data-2', { spec, container: { volumeMounts } });
  assert.equal((await world.runPod(namespace, pod)).log, 'value-1value-2');
});

it('[sig-storage] EmptyDir wrapper volumes should not cause race condition when used for configmaps [Serial] [Conformance]', async () => {
  const names = Array.from({ length: 50 }, (_, i) => `racey-configmap-${i}`);
  await Promise.all(names.map((name) => create(configMap, name, { 'data-1': name })));
  const { spec, volumeMounts } = mounted(Object.fromEntries(names.map((name) => [name, configMap.volume(name, {})])));
  const script = 'cat /etc/racey-*/data-1';
  const runs = Array.from({ length: 5 }, (_, i) =>
    world.runPod(namespace, scriptPod(`racey-${i}`, script, { spec, container: { volumeMounts } })),
  );
  const all = [...names].sort().join('');
  for (const { log } of await Promise.all(runs)) assert.equal(log, all);
});

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
