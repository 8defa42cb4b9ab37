import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { notFound } from '../../api/status-error.ts';
import type { FileKeySelector } from '../../api/types/core/v1.ts';
import type { ContainerSpec } from '../model/pod.ts';
import type { ReferencedData } from '../references/referenced-data.ts';
import { containerIn, podOf } from '../testing/make-pod.ts';
import { computeEnvironment, type EnvironmentInput, environmentNeedsPodIp } from './environment.ts';

type Objects = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** By name. One that is asked for in another namespace is not there. */
function dataOf(objects: Objects): Pick<ReferencedData, 'configMapText' | 'secret'> {
  const read = (plural: string) => async (namespace: string, name: string) => {
    const found = objects[name];
    if (found === undefined || namespace !== 'default') throw notFound({ group: '', plural }, name);
    return new Map(Object.entries(found).map(([key, value]) => [key, Buffer.from(value)]));
  };
  return { configMapText: read('configmaps'), secret: read('secrets') };
}

async function compute(
  container: Partial<ContainerSpec>,
  {
    objects = {},
    services = {},
    volumes = new Map(),
  }: {
    objects?: Objects;
    services?: Readonly<Record<string, string>>;
    volumes?: EnvironmentInput['volumes'];
  } = {},
): Promise<Record<string, string>> {
  const pod = podOf(container);
  const environment = await computeEnvironment({
    pod,
    container: containerIn(pod).spec,
    services: new Map(Object.entries(services)),
    data: dataOf(objects),
    volumes,
    fields: { nodeIp: '192.0.2.10', podIp: '10.0.0.7', allocatable: { cpu: '4' } },
  });
  return Object.fromEntries(environment);
}

type EnvFrom = NonNullable<ContainerSpec['envFrom']>[number];
type Env = NonNullable<ContainerSpec['env']>[number];

describe('computeEnvironment', () => {
  it('lets env win over envFrom, and that over services; the later of each over the earlier', async () => {
    const envFrom: EnvFrom[] = [{ configMapRef: { name: 'one' } }, { secretRef: { name: 'two' } }];
    const found = await compute(
      {
        envFrom,
        env: [
          { name: 'D', value: 'env' },
          { name: 'E', value: 'first' },
          { name: 'E', value: 'last' },
        ],
      },
      {
        services: { A: 'service', B: 'service' },
        objects: { one: { B: 'one', C: 'one', D: 'one' }, two: { C: 'two' } },
      },
    );
    assert.deepEqual(found, { A: 'service', B: 'one', C: 'two', D: 'env', E: 'last' });
  });

  it('reads files of volumes, and refuses what it cannot read instead of an empty value', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'environment-'));
    await writeFile(join(folder, 'file.env'), "A='one'\n");
    const read = (fileKeyRef: Partial<FileKeySelector>) =>
      compute(
        {
          env: [
            { name: 'X', valueFrom: { fileKeyRef: { volumeName: 'v', path: 'file.env', key: 'A', ...fileKeyRef } } },
          ],
        },
        { volumes: new Map([['v', { hostPath: folder, readOnly: false }]]) },
      );
    const refused = (message: string) => ({ name: 'ContainerConfigError', message });
    try {
      assert.deepEqual(await read({}), { X: 'one' });
      assert.deepEqual(await read({ key: 'B', optional: true }), {});
      const none = 'environment variable key "B" not found in file "file.env"';
      await assert.rejects(read({ key: 'B' }), refused(none));
      await assert.rejects(read({ path: 'none', optional: true }), refused("couldn't parse env file"));
      const unknown = 'cannot find the volume "other" referenced by FileKeyRef';
      await assert.rejects(read({ volumeName: 'other' }), refused(unknown));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('puts the prefix before each name', async () => {
    const envFrom: EnvFrom[] = [{ prefix: 'MY_', configMapRef: { name: 'one' } }];
    assert.deepEqual(await compute({ envFrom }, { objects: { one: { A: '1' } } }), { MY_A: '1' });
  });

  it('expands what was set before, services included, and nothing that comes later', async () => {
    const env: Env[] = [
      { name: 'FIRST', value: '$(HOST):$(KEY)' },
      { name: 'EARLY', value: '$(LATE)' },
      { name: 'LATE', value: '1' },
      { name: 'AGAIN', value: '$(FIRST) $$(FIRST) $(EARLY)' },
    ];
    const envFrom: EnvFrom[] = [{ configMapRef: { name: 'one' } }];
    const found = await compute({ envFrom, env }, { services: { HOST: 'h' }, objects: { one: { KEY: 'k' } } });
    assert.deepEqual(found, {
      HOST: 'h',
      KEY: 'k',
      FIRST: 'h:k',
      EARLY: '$(LATE)',
      LATE: '1',
      AGAIN: 'h:k $(FIRST) $(LATE)',
    });
  });

  it('does not expand what comes from elsewhere', async () => {
    const env: Env[] = [
      { name: 'A', value: 'x' },
      { name: 'B', valueFrom: { secretKeyRef: { name: 'one', key: 'k' } } },
    ];
    assert.deepEqual(await compute({ env }, { objects: { one: { k: '$(A)' } } }), { A: 'x', B: '$(A)' });
  });

  it('reads fields and resources of the pod', async () => {
    const env: Env[] = [
      { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
      { name: 'EMPTY' },
    ];
    assert.deepEqual(await compute({ env }), { NAME: 'p', IP: '10.0.0.7', CPU: '4', EMPTY: '' });
  });

  const optional = true;
  const found: readonly [words: string, container: Partial<ContainerSpec>, wanted: Record<string, string>][] = [
    ['envFrom of an optional ConfigMap', { envFrom: [{ configMapRef: { name: 'x', optional } }] }, {}],
    ['envFrom of an optional Secret', { envFrom: [{ secretRef: { name: 'x', optional } }] }, {}],
    [
      'a key of an optional ConfigMap',
      { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'x', key: 'k', optional } } }] },
      {},
    ],
    [
      'an optional key of a Secret',
      { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'one', key: 'x', optional } } }] },
      {},
    ],
  ];
  for (const [words, container, wanted] of found)
    it(`goes on without ${words}`, async () =>
      assert.deepEqual(await compute(container, { objects: { one: {} } }), wanted));

  const refused: readonly [container: Partial<ContainerSpec>, message: string][] = [
    [{ envFrom: [{ configMapRef: { name: 'x' } }] }, 'configmap "x" not found'],
    [{ envFrom: [{ secretRef: { name: 'x' } }] }, 'secret "x" not found'],
    [{ env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'x', key: 'k' } } }] }, 'configmap "x" not found'],
    [{ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'x', key: 'k' } } }] }, 'secret "x" not found'],
    [
      { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'one', key: 'k' } } }] },
      "couldn't find key k in ConfigMap default/one",
    ],
    [
      { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'one', key: 'k' } } }] },
      "couldn't find key k in Secret default/one",
    ],
    [{ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'x' } } }] }, 'unsupported fieldPath: x'],
    [
      { env: [{ name: 'A', valueFrom: { resourceFieldRef: { containerName: 'x', resource: 'limits.cpu' } } }] },
      'container x not found',
    ],
  ];
  for (const [container, message] of refused)
    it(`says ${message}`, async () => {
      await assert.rejects(compute(container, { objects: { one: {} } }), { name: 'ContainerConfigError', message });
    });

  it('passes on what is not the pod’s fault: the API server did not answer', async () => {
    const data = { ...dataOf({}), configMapText: () => Promise.reject(new Error('connection refused')) };
    const pod = podOf({ envFrom: [{ configMapRef: { name: 'x', optional } }] });
    const input = { pod, container: containerIn(pod).spec, services: new Map(), volumes: new Map(), data };
    const fields = { nodeIp: '', podIp: undefined, allocatable: {} };
    await assert.rejects(computeEnvironment({ ...input, fields }), { name: 'Error', message: 'connection refused' });
  });

  it('knows whether it has to wait for the pod’s address', () => {
    const needs = (fieldPath: string) =>
      environmentNeedsPodIp({ name: 'a', env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath } } }] });
    assert.deepEqual(
      [needs('status.podIP'), needs('metadata.name'), environmentNeedsPodIp({ name: 'a' })],
      [true, false, false],
    );
  });
});
