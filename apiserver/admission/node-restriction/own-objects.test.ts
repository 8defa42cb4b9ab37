import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { forbiddenChanges } from '../../../api/node-labels.ts';
import { referredResourceOf } from '../../../api/referred-resource.ts';
import type { Node, PersistentVolumeClaim, Pod } from '../../../api/types/core/v1.ts';
import { whyNoMirrorPod } from './mirror-pods.ts';
import { whyNotCreateNode, whyNotUpdateClaimStatus, whyNotUpdateNode, whyNotUpdatePodStatus } from './own-objects.ts';

describe('labels of a node', () => {
  const free = [
    ...['a', 'example.com/a', 'notkubernetes.io/a', 'kubernetes.io.example.com/a', 'kubernetes.io', 'xk8s.io/a'],
    ...['kubernetes.io/hostname', 'topology.kubernetes.io/zone', 'beta.kubernetes.io/arch'],
    ...['node.kubernetes.io/any', 'kubelet.kubernetes.io/any', 'sub.node.kubernetes.io/any'],
  ];
  const reserved = [
    ...['kubernetes.io/other', 'k8s.io/a', 'x.k8s.io/a', 'node-role.kubernetes.io/control-plane', 'kubernetes.io/a/b'],
    ...['node-restriction.kubernetes.io/a', 'sub.node-restriction.kubernetes.io/a', 'topology.kubernetes.io/other'],
  ];
  for (const key of free) it(`${key} is free`, () => assert.deepEqual(forbiddenChanges({ [key]: 'x' }, {}), []));
  for (const key of reserved)
    it(`${key} is reserved, whether it comes, changes or goes`, () => {
      assert.deepEqual(forbiddenChanges({ [key]: 'x' }, {}), [key]);
      assert.deepEqual(forbiddenChanges({ [key]: 'x' }, { [key]: 'y' }), [key]);
      assert.deepEqual(forbiddenChanges({}, { [key]: '' }), [key]);
      assert.deepEqual(forbiddenChanges({ [key]: 'x' }, { [key]: 'x', a: 'b' }), []);
    });

  it('are named in order', () =>
    assert.deepEqual(forbiddenChanges({ 'x.k8s.io/b': '', 'k8s.io/a': '', z: '' }, {}), ['k8s.io/a', 'x.k8s.io/b']));
});

const node = (spec: Node['spec'] = {}, metadata: Node['metadata'] = {}): Node => ({
  metadata: { name: 'n', ...metadata },
  spec,
});
const taint = { key: 'a', effect: 'NoSchedule' };
const configSource = { configMap: { name: 'a', namespace: 'b', kubeletConfigKey: 'c' } };
const podNetwork = { podCIDR: '10.1.0.0/24', podCIDRs: ['10.1.0.0/24'] };
const owner = { apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'u' };

describe('a node of its own', () => {
  const updates: readonly (readonly [what: string, next: Node, previous: Node, why: string | undefined])[] = [
    ['nothing', node(), node(), undefined],
    ['what is free', node({ unschedulable: true, providerID: 'x' }, { annotations: { a: 'b' } }), node(), undefined],
    ['a taint that comes', node({ taints: [taint] }), node(), 'node "n" is not allowed to modify taints'],
    ['a taint that goes', node(), node({ taints: [taint] }), 'node "n" is not allowed to modify taints'],
    ['no taints instead of none', node({ taints: [] }), node(), undefined],
    ['an owner', node({}, { ownerReferences: [owner] }), node(), 'node "n" is not allowed to modify ownerReferences'],
    [
      'a source of configuration',
      node({ configSource }),
      node(),
      'node "n" is not allowed to update configSource to a new non-nil configSource',
    ],
    ['the same source', node({ configSource }), node({ configSource }), undefined],
    ['a source that is dropped', node(), node({ configSource }), undefined],
    ['a pod network', node({ podCIDR: '10.0.0.0/8' }), node(), 'node "n" is not allowed to modify podCIDRs'],
    ['pod networks', node({ podCIDRs: ['10.0.0.0/8'] }), node(), 'node "n" is not allowed to modify podCIDRs'],
    ['no pod network', node(), node(podNetwork), 'node "n" is not allowed to modify podCIDRs'],
    ['the same pod network', node(podNetwork), node(podNetwork), undefined],
    ['the same pod network, said once', node({ podCIDR: '10.1.0.0/24' }), node(podNetwork), undefined],
    [
      'a reserved label',
      node({}, { labels: { 'k8s.io/a': 'b' } }),
      node(),
      'is not allowed to modify labels: k8s.io/a',
    ],
  ];
  for (const [what, next, previous, why] of updates)
    it(`changes: ${what}`, () => assert.equal(whyNotUpdateNode('n', next, previous), why));

  it('may come with taints, not with owners, reserved labels or a source of configuration', () => {
    assert.equal(whyNotCreateNode('n', node({ taints: [taint] }, { labels: { a: 'b' } })), undefined);
    assert.match(whyNotCreateNode('n', node({ configSource })) ?? '', /non-nil configSource/);
    assert.equal(
      whyNotCreateNode('n', node({}, { ownerReferences: [owner] })),
      'node "n" is not allowed to set ownerReferences',
    );
    const labels = { 'k8s.io/a': '', 'kubernetes.io/b': '' };
    assert.equal(
      whyNotCreateNode('n', node({}, { labels })),
      'node "n" is not allowed to set the following labels: k8s.io/a, kubernetes.io/b',
    );
    assert.equal(whyNotCreateNode('n', {}), undefined);
    for (const spec of [{ podCIDR: '10.1.0.0/24' }, { podCIDRs: ['10.1.0.0/24'] }])
      assert.equal(whyNotCreateNode('n', node(spec)), 'node "n" is not allowed to set podCIDRs');
  });
});

const containers = [{ name: 'c' }];

describe('the status of a pod', () => {
  const pod = (change: Partial<Pod> = {}): Pod => ({
    metadata: { name: 'p' },
    spec: { nodeName: 'n', containers },
    ...change,
  });
  const claims = { resourceClaimStatuses: [{ name: 'a', resourceClaimName: 'b' }] };
  const cases: readonly (readonly [what: string, next: Pod, previous: Pod, why: string | undefined])[] = [
    ['is its node’s', pod({ status: { phase: 'Running' } }), pod(), undefined],
    [
      'is not another’s',
      pod(),
      pod({ spec: { nodeName: 'm', containers } }),
      'node "n" can only update pod status for pods with spec.nodeName set to itself',
    ],
    [
      'is not anybody’s',
      pod(),
      pod({ spec: { containers } }),
      'node "n" can only update pod status for pods with spec.nodeName set to itself',
    ],
    // What it claims to be does not count.
    [
      'is not moved',
      pod(),
      pod({ spec: { nodeName: 'nn', containers } }),
      'node "n" can only update pod status for pods with spec.nodeName set to itself',
    ],
    [
      'has no labels',
      pod({ metadata: { name: 'p', labels: { a: 'b' } } }),
      pod(),
      'node "n" cannot update labels through pod status',
    ],
    ['says nothing of claims', pod({ status: claims }), pod(), 'node "n" cannot update resource claim statues'],
    ['keeps what is said of claims', pod({ status: claims }), pod({ status: claims }), undefined],
    [
      'says nothing of claims for extended resources',
      pod({ status: { extendedResourceClaimStatus: { resourceClaimName: 'x', requestMappings: [] } } }),
      pod(),
      'node "n" cannot update extended resource claim status',
    ],
  ];
  for (const [what, next, previous, why] of cases)
    it(what, () => assert.equal(whyNotUpdatePodStatus('n', next, previous), why));
});

describe('the status of a claim', () => {
  const claim = (status: PersistentVolumeClaim['status'], labels?: Record<string, string>): PersistentVolumeClaim => ({
    metadata: { name: 'c', resourceVersion: '1', ...(labels && { labels }) },
    ...(status && { status }),
  });
  const may = (next: PersistentVolumeClaim) =>
    whyNotUpdateClaimStatus('n', next, claim({ phase: 'Pending' })) === undefined;

  it('says how far it has grown', () => {
    const conditions = [{ type: 'FileSystemResizePending', status: 'True' }];
    const grown = { capacity: { storage: '2Gi' }, conditions, allocatedResources: { storage: '2Gi' } };
    assert.ok(may(claim({ phase: 'Pending', ...grown, allocatedResourceStatuses: { storage: 'x' } })));
    assert.ok(
      may({ ...claim({ phase: 'Pending' }), metadata: { name: 'c', resourceVersion: '2', managedFields: [] } }),
    );
    assert.equal(whyNotUpdateClaimStatus('n', claim({ capacity: {} }), claim(undefined)), undefined);
  });

  it('says nothing else', () => {
    assert.ok(!may(claim({ phase: 'Bound' })));
    assert.ok(!may(claim({ phase: 'Pending' }, { a: 'b' })));
    assert.ok(!may({ ...claim({ phase: 'Pending' }), spec: { volumeName: 'x' } }));
    assert.match(
      whyNotUpdateClaimStatus('n', claim({ phase: 'Bound' }), claim({})) ?? '',
      /^node "n" is not allowed to update fields other than status.quantity and status.conditions/,
    );
  });
});

describe('a mirror pod', () => {
  const controller = { ...owner, controller: true };
  const mirror = (
    owners: (typeof controller & { blockOwnerDeletion?: boolean })[] = [controller],
    nodeName = 'n',
  ): Pod => ({
    metadata: { name: 'p', annotations: { 'kubernetes.io/config.mirror': '' }, ownerReferences: owners },
    spec: { nodeName, containers },
  });

  it('is the node’s own', () => assert.equal(whyNoMirrorPod('n', mirror()), undefined));

  const wrong: Readonly<Record<string, [Pod, RegExp]>> = {
    'without its annotation': [
      { ...mirror(), metadata: { name: 'p' } },
      /^pod does not have "kubernetes.io\/config.mirror" annotation, node "n" can only create mirror pods$/,
    ],
    'of another node': [mirror([controller], 'm'), /^node "n" can only create pods with spec.nodeName set to itself$/],
    'of no node': [{ ...mirror(), spec: { containers } }, /spec.nodeName set to itself$/],
    'of nobody': [mirror([]), /with an owner reference set to itself$/],
    'of two': [mirror([controller, controller]), /with a single owner reference set to itself$/],
    'owned by another': [mirror([{ ...controller, name: 'm' }]), /with an owner reference set to itself$/],
    'owned by no node': [mirror([{ ...controller, kind: 'Pod' }]), /with an owner reference set to itself$/],
    'owned by another version': [
      mirror([{ ...controller, apiVersion: 'v2' }]),
      /with an owner reference set to itself$/,
    ],
    'not controlled': [mirror([{ ...controller, controller: false }]), /a controller owner reference set to itself$/],
    'that holds its node': [
      mirror([{ ...controller, blockOwnerDeletion: true }]),
      /^node "n" must not set blockOwnerDeletion on an owner reference$/,
    ],
  };
  for (const [what, [pod, why]] of Object.entries(wrong))
    it(`is refused ${what}`, () => assert.match(whyNoMirrorPod('n', pod) ?? '', why));

  const spec = (change: Partial<NonNullable<Pod['spec']>>): Pod => ({ spec: { containers, ...change } });
  const volume = (source: object): Pod => spec({ volumes: [{ name: 'v', ...source }] });
  const projected = (source: object): Pod => volume({ projected: { sources: [source] } });
  const references: readonly (readonly [pod: Pod, resource: string | undefined])[] = [
    [spec({}), undefined],
    [volume({ hostPath: { path: '/' } }), undefined],
    [volume({ emptyDir: {} }), undefined],
    [projected({ downwardAPI: {} }), undefined],
    [spec({ serviceAccountName: 'x' }), 'serviceaccounts'],
    [spec({ imagePullSecrets: [{ name: 'x' }] }), 'secrets'],
    [spec({ containers: [{ name: 'c', envFrom: [{ configMapRef: { name: 'x' } }] }] }), 'configmaps'],
    [spec({ resourceClaims: [{ name: 'x' }] }), 'resourceclaims'],
    [volume({ persistentVolumeClaim: { claimName: 'x' } }), 'persistentvolumeclaims'],
    [volume({ ephemeral: {} }), 'persistentvolumeclaims (via ephemeral volumes)'],
    [volume({ csi: { driver: 'd' } }), 'csidrivers (via CSI volumes)'],
    [volume({ secret: {} }), 'secrets (via secret volumes)'],
    [volume({ configMap: {} }), 'configmaps (via configmap volumes)'],
    [volume({ glusterfs: { endpoints: 'e', path: 'p' } }), 'endpoints (via glusterFS volumes)'],
    [projected({ serviceAccountToken: { path: 't' } }), 'serviceaccounts (via projected volumes)'],
    [projected({ clusterTrustBundle: { path: 't' } }), 'clustertrustbundles'],
    [projected({ podCertificate: { keyType: 'k', signerName: 's' } }), 'podcertificates'],
  ];
  for (const [pod, resource] of references)
    it(`refers to ${resource ?? 'nothing'}`, () => assert.equal(referredResourceOf(pod), resource));
});
