import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { claimNamesOf, configMapNamesOf, resourceClaimNamesOf, secretNamesOf } from './pod-references.ts';
import type { PersistentVolume, Pod, PodSpec, Volume } from './types/core/v1.ts';
import { nodeSecretsOf } from './volume-references.ts';

const podOf = (spec: Partial<PodSpec>, status?: Pod['status']): Pod => ({
  metadata: { name: 'p', namespace: 'ns' },
  spec: { containers: [], ...spec },
  ...(status && { status }),
});
const withVolumes = (...volumes: Omit<Volume, 'name'>[]): Pod =>
  podOf({ volumes: volumes.map((volume, index) => ({ name: `v${index}`, ...volume })) });

const env = (kind: 'secretKeyRef' | 'configMapKeyRef', name: string) => [
  { name: 'A', value: 'plain' },
  { name: 'B', valueFrom: { [kind]: { name, key: 'k' } } },
];

describe('the secrets of a pod', () => {
  const secretRef = { name: 's' };
  const table: readonly (readonly [what: string, pod: Pod, names: readonly string[]])[] = [
    ['none', podOf({}), []],
    ['none without a spec', {}, []],
    ['for pulling images', podOf({ imagePullSecrets: [{ name: 'a' }, { name: '' }, {}] }), ['a']],
    [
      'in the environment of each sort of container',
      podOf({
        initContainers: [{ name: 'i', env: env('secretKeyRef', 'a') }],
        containers: [{ name: 'c', envFrom: [{ secretRef: { name: 'b' } }, { configMapRef: { name: 'no' } }] }],
        ephemeralContainers: [{ name: 'e', env: env('secretKeyRef', 'c') }],
      }),
      ['a', 'b', 'c'],
    ],
    ['of a volume', withVolumes({ secret: { secretName: 's' } }), ['s']],
    [
      'projected',
      withVolumes({ projected: { sources: [{ secret: { name: 's' } }, { configMap: { name: 'c' } }] } }),
      ['s'],
    ],
    ['of a CSI volume', withVolumes({ csi: { driver: 'd', nodePublishSecretRef: secretRef } }), ['s']],
    ['of Azure files', withVolumes({ azureFile: { shareName: 'x', secretName: 's' } }), ['s']],
    [
      'of other volumes',
      withVolumes(
        { cephfs: { monitors: [], secretRef } },
        { cinder: { volumeID: 'x', secretRef } },
        { flexVolume: { driver: 'd', secretRef } },
        { iscsi: { targetPortal: 'p', iqn: 'i', lun: 0, secretRef } },
        { rbd: { monitors: [], image: 'i', secretRef } },
        { scaleIO: { gateway: 'g', system: 's', secretRef } },
        { storageos: { secretRef } },
      ),
      ['s', 's', 's', 's', 's', 's', 's'],
    ],
  ];
  for (const [what, pod, names] of table) it(what, () => assert.deepEqual(secretNamesOf(pod), names));
});

it('the ConfigMaps of a pod', () => {
  const pod = podOf({
    initContainers: [{ name: 'i', envFrom: [{ configMapRef: { name: 'a' } }, { configMapRef: {} }] }],
    containers: [{ name: 'c', env: env('configMapKeyRef', 'b') }],
    volumes: [
      { name: 'v', configMap: { name: 'c' } },
      { name: 'w', projected: { sources: [{ configMap: { name: 'd' } }, { secret: { name: 'no' } }] } },
    ],
  });
  assert.deepEqual(configMapNamesOf(pod), ['a', 'b', 'c', 'd']);
  assert.deepEqual(configMapNamesOf({}), []);
});

it('the claims of a pod, also those of its ephemeral volumes', () => {
  const pod = withVolumes({ persistentVolumeClaim: { claimName: 'c' } }, { ephemeral: {} }, { emptyDir: {} });
  assert.deepEqual(claimNamesOf(pod), ['c', 'p-v1']);
});

it('the resource claims of a pod, once those of templates are made', () => {
  const resourceClaims = [
    { name: 'a', resourceClaimName: 'x' },
    { name: 'b', resourceClaimTemplateName: 't' },
    { name: 'c', resourceClaimTemplateName: 't' },
  ];
  assert.deepEqual(resourceClaimNamesOf(podOf({ resourceClaims })), ['x']);
  const status = {
    resourceClaimStatuses: [
      { name: 'b', resourceClaimName: 'y' },
      { name: 'c' },
      { name: 'other', resourceClaimName: 'no' },
    ],
    extendedResourceClaimStatus: { resourceClaimName: 'z', requestMappings: [] },
  };
  assert.deepEqual(resourceClaimNamesOf(podOf({ resourceClaims }, status)), ['x', 'y', 'z']);
});

describe('the secrets that a node needs of a volume', () => {
  const of = (source: Partial<NonNullable<PersistentVolume['spec']>>) =>
    nodeSecretsOf({ spec: { claimRef: { namespace: 'ns', name: 'c' }, ...source } }).map(
      (one) => `${one.namespace}/${one.name}`,
    );
  const secretRef = (name: string, namespace = 'own') => ({ name, namespace });

  it('are those of the node’s side of CSI', () => {
    const csi = {
      driver: 'd',
      volumeHandle: 'h',
      controllerPublishSecretRef: secretRef('no'),
      controllerExpandSecretRef: secretRef('no'),
      nodePublishSecretRef: secretRef('a'),
      nodeStageSecretRef: secretRef('b'),
      nodeExpandSecretRef: secretRef('c'),
    };
    assert.deepEqual(of({ csi }), ['own/a', 'own/b', 'own/c']);
  });

  it('lie in the namespace of the claim where a volume names none', () => {
    assert.deepEqual(of({ azureFile: { shareName: 'x', secretName: 's' } }), ['ns/s']);
    assert.deepEqual(of({ azureFile: { shareName: 'x', secretName: 's', secretNamespace: 'own' } }), ['own/s']);
    assert.deepEqual(of({ cephfs: { monitors: [], secretRef: { name: 's' } } }), ['ns/s']);
    assert.deepEqual(of({ rbd: { monitors: [], image: 'i', secretRef: secretRef('s') } }), ['own/s']);
    // These always had to name one.
    assert.deepEqual(of({ cinder: { volumeID: 'x', secretRef: { name: 's' } } }), []);
    assert.deepEqual(nodeSecretsOf({}), []);
  });
});
