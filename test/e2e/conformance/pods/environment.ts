/** What the conformance suite asks of commands and of the environment of containers. */

import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { at, type Json } from '../../../conformance/api-user.ts';
import { type ClusterWorld, nextNames, scriptPod } from '../cluster-world.ts';
import type { SharedCluster } from '../shared-cluster.ts';

export function environment(cluster: SharedCluster): void {
  let world: ClusterWorld;
  let namespace: string;
  before(async () => {
    ({ world, namespace } = await cluster.enter());
  });

  const nextName = nextNames('pod');
  const outputOf = (pod: Json): Promise<string> => world.outputOf(namespace, pod);

  /** `env` itself: a shell would not pass every name on. */
  const withContainer = (container: Json, spec: Json = {}): Json =>
    scriptPod(nextName(), '', { container: { command: ['env'], ...container }, spec });
  const environmentOf = async (container: Json, spec: Json = {}): Promise<string[]> =>
    (await outputOf(withContainer(container, spec))).split('\n');

  function includesAll(lines: readonly string[], wanted: readonly string[]): void {
    for (const line of wanted) assert.ok(lines.includes(line), `${line} in:\n${lines.join('\n')}`);
  }

  // The image's entry point is `/bin/echo entrypoint`, its command `default arguments`.
  for (const [title, container, output] of [
    [
      '[sig-node] Containers should use the image defaults if command and args are blank [Conformance] [NodeConformance]',
      {},
      'entrypoint default arguments\n',
    ],
    [
      "[sig-node] Containers should be able to override the image's default arguments (container cmd) [Conformance] [NodeConformance]",
      { args: ['override', 'arguments'] },
      'entrypoint override arguments\n',
    ],
    [
      "[sig-node] Containers should be able to override the image's default command (container entrypoint) [Conformance] [NodeConformance]",
      { command: ['/bin/echo', 'another'] },
      'another\n',
    ],
    [
      "[sig-node] Containers should be able to override the image's default command and arguments [Conformance] [NodeConformance]",
      { command: ['/bin/echo', 'another'], args: ['override', 'arguments'] },
      'another override arguments\n',
    ],
  ] as const) {
    it(title, async () => {
      const plain = scriptPod(nextName(), '');
      const [first] = at(plain, 'spec.containers') as Json[];
      const { command: _, ...withoutCommand } = first as Json;
      const containers = [{ ...withoutCommand, ...container }];
      assert.equal(await outputOf({ ...plain, spec: { ...(plain.spec as Json), containers } }), output);
    });
  }

  const base64 = (text: string): string => Buffer.from(text).toString('base64');

  /** A ConfigMap and a Secret of this name with the same content. */
  async function sources(name: string, data: Readonly<Record<string, string>>): Promise<void> {
    const root = `/api/v1/namespaces/${namespace}`;
    const encoded = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(value)]));
    await world.post(`${root}/configmaps`, { metadata: { name }, data });
    await world.post(`${root}/secrets`, { metadata: { name }, data: encoded });
  }

  for (const [title, name, reference] of [
    [
      '[sig-node] ConfigMap should be consumable via environment variable [Conformance] [NodeConformance]',
      'one-config',
      'configMapKeyRef',
    ],
    [
      '[sig-node] Secrets should be consumable from pods in env vars [Conformance] [NodeConformance]',
      'one-secret',
      'secretKeyRef',
    ],
  ] as const) {
    it(title, async () => {
      await sources(name, { 'data-1': 'value-1' });
      const env = [{ name: 'DATA_1', valueFrom: { [reference]: { name, key: 'data-1' } } }];
      includesAll(await environmentOf({ env }), ['DATA_1=value-1']);
    });
  }

  for (const [title, name, reference] of [
    [
      '[sig-node] ConfigMap should be consumable via the environment [Conformance] [NodeConformance]',
      'all-config',
      'configMapRef',
    ],
    [
      '[sig-node] Secrets should be consumable via the environment [Conformance] [NodeConformance]',
      'all-secret',
      'secretRef',
    ],
  ] as const) {
    it(title, async () => {
      await sources(name, { data_1: 'value-1', data_2: 'value-2' });
      const envFrom = [{ [reference]: { name } }, { prefix: 'p_', [reference]: { name } }];
      const wanted = ['data_1=value-1', 'data_2=value-2', 'p_data_1=value-1', 'p_data_2=value-2'];
      includesAll(await environmentOf({ envFrom }), wanted);
    });
  }

  for (const [title, name, reference] of [
    [
      '[sig-node] ConfigMap should be consumable as environment variable names with various prefixes [Conformance]',
      'prefixed-config',
      'configMapRef',
    ],
    [
      '[sig-node] Secrets should be consumable as environment variable names variable names with various prefixes [Conformance]',
      'prefixed-secret',
      'secretRef',
    ],
  ] as const) {
    it(title, async () => {
      await sources(name, { data_1: 'value-1' });
      const prefixes = ['p-', 'p.', '1p_', '#%@_', 'a b '];
      const envFrom = prefixes.map((prefix) => ({ prefix, [reference]: { name } }));
      includesAll(
        await environmentOf({ envFrom }),
        prefixes.map((prefix) => `${prefix}data_1=value-1`),
      );
    });
  }

  const fromField = (name: string, fieldPath: string): Json => ({ name, valueFrom: { fieldRef: { fieldPath } } });
  const resources = { requests: { cpu: '250m', memory: '32Mi' }, limits: { cpu: '1250m', memory: '64Mi' } };
  const fromResource = (name: string, resource: string): Json => ({
    name,
    valueFrom: { resourceFieldRef: { resource } },
  });

  /** What one run of a pod has of itself. */
  async function downward(env: readonly Json[], container: Json = {}): Promise<{ lines: string[]; pod: Json }> {
    const { pod, log } = await world.runPod(namespace, withContainer({ env, ...container }));
    return { pod, lines: log.split('\n') };
  }

  it('[sig-node] Downward API should provide pod name, namespace and IP address as env vars [Conformance] [NodeConformance]', async () => {
    const { lines, pod } = await downward([
      fromField('POD_NAME', 'metadata.name'),
      fromField('POD_NAMESPACE', 'metadata.namespace'),
      fromField('POD_IP', 'status.podIP'),
    ]);
    includesAll(lines, [`POD_NAME=${at(pod, 'metadata.name')}`, `POD_NAMESPACE=${namespace}`]);
    assert.match(lines.find((line) => line.startsWith('POD_IP=')) ?? '', /^POD_IP=10\.244\.\d+\.\d+$/);
  });

  it('[sig-node] Downward API should provide host IP as an env var [Conformance] [NodeConformance]', async () => {
    const { lines, pod } = await downward([fromField('HOST_IP', 'status.hostIP')]);
    includesAll(lines, [`HOST_IP=${at(pod, 'status.hostIP')}`]);
  });

  it('[sig-node] Downward API should provide hostIPs as an env var [Conformance] [NodeConformance]', async () => {
    const { lines, pod } = await downward([fromField('HOST_IPS', 'status.hostIPs')]);
    const all = (at(pod, 'status.hostIPs') as Json[]).map(({ ip }) => ip);
    assert.ok(all.length > 0);
    includesAll(lines, [`HOST_IPS=${all.join(',')}`]);
  });

  it('[sig-node] Downward API should provide pod UID as env vars [Conformance] [NodeConformance]', async () => {
    const { lines, pod } = await downward([fromField('POD_UID', 'metadata.uid')]);
    includesAll(lines, [`POD_UID=${at(pod, 'metadata.uid')}`]);
  });

  const resourceFields = [
    fromResource('CPU_LIMIT', 'limits.cpu'),
    fromResource('MEMORY_LIMIT', 'limits.memory'),
    fromResource('CPU_REQUEST', 'requests.cpu'),
    fromResource('MEMORY_REQUEST', 'requests.memory'),
  ];

  it("[sig-node] Downward API should provide container's limits.cpu/memory and requests.cpu/memory as env vars [Conformance] [NodeConformance]", async () => {
    const { lines } = await downward(resourceFields, { resources });
    includesAll(lines, ['CPU_LIMIT=2', 'MEMORY_LIMIT=67108864', 'CPU_REQUEST=1', 'MEMORY_REQUEST=33554432']);
  });

  it('[sig-node] Downward API should provide default limits.cpu/memory from node allocatable [Conformance] [NodeConformance]', async () => {
    const { lines, pod } = await downward(resourceFields.slice(0, 2));
    const { status } = await world.get(`/api/v1/nodes/${at(pod, 'spec.nodeName')}`);
    const memory = String(at(status, 'allocatable.memory'));
    assert.match(memory, /^\d+Ki$/);
    includesAll(lines, [
      `CPU_LIMIT=${at(status, 'allocatable.cpu')}`,
      `MEMORY_LIMIT=${Number.parseInt(memory, 10) * 1024}`,
    ]);
  });

  it('[sig-node] Variable Expansion should allow composing env vars into new env vars [Conformance] [NodeConformance]', async () => {
    const env = [
      { name: 'FOO', value: 'foo-value' },
      { name: 'BAR', value: 'bar-value' },
      { name: 'FOOBAR', value: '$(FOO);;$(BAR)' },
    ];
    includesAll(await environmentOf({ env }), ['FOO=foo-value', 'BAR=bar-value', 'FOOBAR=foo-value;;bar-value']);
  });

  const testVariable = [{ name: 'TEST_VAR', value: 'test-value' }];

  it("[sig-node] Variable Expansion should allow substituting values in a container's command [Conformance] [NodeConformance]", async () => {
    const command = ['sh', '-c', 'TEST_VAR=wrong echo "$(TEST_VAR)"'];
    assert.equal(await outputOf(withContainer({ command, env: testVariable })), 'test-value\n');
  });

  it("[sig-node] Variable Expansion should allow substituting values in a container's args [Conformance] [NodeConformance]", async () => {
    const container = { command: ['sh', '-c'], args: ['TEST_VAR=wrong echo "$(TEST_VAR)"'], env: testVariable };
    assert.equal(await outputOf(withContainer(container)), 'test-value\n');
  });
}
