import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubernetesObject } from '../../api/object.ts';
import type { Node, Pod } from '../../api/types/core/v1.ts';
import type { OwnerReference } from '../../api/types/meta/v1.ts';
import { configMapKind } from '../../kinds/core/config/config-map.ts';
import { namespaceKind } from '../../kinds/core/config/namespace.ts';
import { eventKind } from '../../kinds/core/events/event.ts';
import { nodeKind } from '../../kinds/core/nodes/node.ts';
import { podKind } from '../../kinds/core/pods/pod.ts';
import { serviceKind } from '../../kinds/core/services/service.ts';
import { persistentVolumeClaimKind } from '../../kinds/core/volumes/persistent-volume-claim.ts';
import { eventOfEventsGroupKind } from '../../kinds/events/event.ts';
import { KindRegistry } from '../../kinds/kind-registry.ts';
import { storageClassKind } from '../../kinds/storage/storage-class.ts';
import { askAdmission, PlacedObjects } from '../../test/support/admission-question.ts';
import type { Action } from '../authorization/authorizer.ts';
import { alwaysPullImages } from './always-pull-images.ts';
import { ConfigurationError } from './configuration-fields.ts';
import { denyServiceExternalIps } from './deny-service-external-ips.ts';
import { createEventRateLimit, readEventLimits } from './event-rate-limit.ts';
import { extendedResourceToleration } from './extended-resource-toleration.ts';
import { limitPodHardAntiAffinityTopology } from './limit-pod-hard-anti-affinity-topology.ts';
import { createOwnerReferencesPermissionEnforcement } from './owner-references-permission-enforcement.ts';
import { createPersistentVolumeClaimResize } from './persistent-volume-claim-resize.ts';
import { choosePlugins } from './plugin-choice.ts';
import { createPodNodeSelector, readNodeSelectors } from './pod-node-selector.ts';
import { createPodResizeValidator } from './pod-resize-validator.ts';
import { createPodTopologyLabels } from './pod-topology-labels.ts';

const pod = (spec: Partial<NonNullable<Pod['spec']>> = {}, metadata: object = {}): Pod => ({
  metadata: { name: 'p', ...metadata },
  spec: { containers: [{ name: 'c', image: 'a' }], ...spec },
});

describe('AlwaysPullImages', () => {
  const ask = (object: Pod, previous?: Pod) =>
    askAdmission([alwaysPullImages], { kind: podKind, object, ...(previous && { previous }) });

  it('sets the policy of every container and image volume', async () => {
    const object = pod({
      initContainers: [{ name: 'i', image: 'b', imagePullPolicy: 'Never' }],
      volumes: [{ name: 'v', image: { reference: 'r', pullPolicy: 'IfNotPresent' } }],
    });
    assert.equal((await ask(object)).refused, '');
    assert.equal(object.spec?.containers[0]?.imagePullPolicy, 'Always');
    assert.equal(object.spec?.initContainers?.[0]?.imagePullPolicy, 'Always');
    assert.equal(object.spec?.volumes?.[0]?.image?.pullPolicy, 'Always');
  });

  it('leaves a pod alone that is updated with no new image', async () => {
    const object = pod();
    await ask(object, pod());
    assert.equal(object.spec?.containers[0]?.imagePullPolicy, undefined);
    await ask(object, pod({ containers: [{ name: 'c', image: 'before' }] }));
    assert.equal(object.spec?.containers[0]?.imagePullPolicy, 'Always');
  });

  it('refuses what a later plugin puts in', async () => {
    const late = {
      name: 'Late',
      admit: [
        {
          handles: { operations: ['CREATE'] as const },
          run: ({ object }: { readonly object: KubernetesObject | undefined }) => {
            Object.assign(object ?? {}, pod({ containers: [{ name: 'c', image: 'a', imagePullPolicy: 'Never' }] }));
          },
        },
      ],
    };
    const { refused } = await askAdmission([alwaysPullImages, late], { kind: podKind, object: pod() });
    assert.equal(
      refused,
      '403 pods "p" is forbidden: spec.containers[0].imagePullPolicy: Unsupported value: "Never": supported values: "Always"',
    );
  });
});

it('DenyServiceExternalIPs lets go of addresses, and takes no new ones', async () => {
  const service = (...externalIPs: string[]) => ({ metadata: { name: 's' }, spec: { externalIPs } });
  const ask = async (object: KubernetesObject, previous?: KubernetesObject) =>
    (await askAdmission([denyServiceExternalIps], { kind: serviceKind, object, ...(previous && { previous }) }))
      .refused;
  const refusal = '403 services "s" is forbidden: Use of external IPs is denied by admission control';
  assert.equal(await ask(service('1.1.1.1')), refusal);
  assert.equal(await ask(service()), '');
  assert.equal(await ask(service('1.1.1.1'), service('1.1.1.1', '2.2.2.2')), '');
  assert.equal(await ask(service('1.1.1.1', '3.3.3.3'), service('1.1.1.1')), refusal);
});

it('LimitPodHardAntiAffinityTopology allows hosts only', async () => {
  const apart = (topologyKey: string) =>
    pod({ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey }] } } });
  const ask = async (object: Pod) =>
    (await askAdmission([limitPodHardAntiAffinityTopology], { kind: podKind, object })).refused;
  assert.equal(await ask(apart('kubernetes.io/hostname')), '');
  assert.equal(
    await ask(apart('zone')),
    '403 pods "p" is forbidden: affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey zone but only key kubernetes.io/hostname is allowed',
  );
});

it('ExtendedResourceToleration adds what is missing, once', async () => {
  const object = pod({
    tolerations: [{ key: 'example.com/b', operator: 'Exists', effect: 'NoSchedule' }],
    containers: [{ name: 'c', resources: { requests: { cpu: '1', 'example.com/b': '1', 'example.com/a': '2' } } }],
    initContainers: [{ name: 'i', resources: { requests: { 'example.com/a': '1', 'hugepages-2Mi': '2Mi' } } }],
  });
  await askAdmission([extendedResourceToleration], { kind: podKind, object });
  await askAdmission([extendedResourceToleration], { kind: podKind, object });
  assert.deepEqual(object.spec?.tolerations, [
    { key: 'example.com/b', operator: 'Exists', effect: 'NoSchedule' },
    { key: 'example.com/a', operator: 'Exists', effect: 'NoSchedule' },
  ]);
});

it('PersistentVolumeClaimResize asks the class', async () => {
  const objects = new PlacedObjects();
  objects.put(storageClassKind, { metadata: { name: 'grows' }, ...{ allowVolumeExpansion: true } });
  objects.put(storageClassKind, { metadata: { name: 'fixed' } });
  const claim = (storageClassName: string, storage: string, phase = 'Bound') => ({
    metadata: { name: 'c' },
    ...{ spec: { storageClassName, resources: { requests: { storage } } }, status: { phase } },
  });
  const ask = async (object: KubernetesObject, previous: KubernetesObject) => {
    const plugins = [createPersistentVolumeClaimResize(objects)];
    return (await askAdmission(plugins, { kind: persistentVolumeClaimKind, object, previous })).refused;
  };
  assert.equal(await ask(claim('grows', '2Gi'), claim('grows', '1Gi')), '');
  assert.equal(await ask(claim('fixed', '1Gi'), claim('fixed', '1024Mi')), '');
  assert.match(
    await ask(claim('fixed', '2Gi'), claim('fixed', '1Gi')),
    /^403 .*: only dynamically provisioned pvc can/,
  );
  assert.match(await ask(claim('gone', '2Gi'), claim('gone', '1Gi')), /^403 .*: only dynamically provisioned pvc can/);
  assert.match(
    await ask(claim('grows', '2Gi'), claim('grows', '1Gi', 'Pending')),
    /Only bound persistent volume claims/,
  );
});

describe('PodTopologyLabels', () => {
  const objects = new PlacedObjects();
  const zone = { 'topology.kubernetes.io/zone': 'z', 'topology.kubernetes.io/region': 'r' };
  objects.put(nodeKind, { metadata: { name: 'n', labels: { ...zone, other: 'x' } } });
  const plugins = [createPodTopologyLabels(objects)];

  it('labels a binding, which labels the pod', async () => {
    const object = { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n' } };
    await askAdmission(plugins, { kind: podKind, object, subresource: 'binding' });
    assert.deepEqual(object.metadata, { name: 'p', labels: zone });
    const lost = { metadata: { name: 'p' }, target: { name: '../n' } };
    await askAdmission(plugins, { kind: podKind, object: lost, subresource: 'binding' });
    assert.deepEqual(lost.metadata, { name: 'p' });
  });

  it('labels a pod that comes with its node, but for what it says itself', async () => {
    const object = pod({ nodeName: 'n' }, { labels: { 'topology.kubernetes.io/zone': 'mine' } });
    await askAdmission(plugins, { kind: podKind, object });
    assert.deepEqual(object.metadata?.labels, { ...zone, 'topology.kubernetes.io/zone': 'mine' });
  });
});

describe('PodResizeValidator', () => {
  const objects = new PlacedObjects();
  const node: Node = { metadata: { name: 'n' }, status: { allocatable: { cpu: '2', memory: '1Gi' } } };
  objects.put(nodeKind, node);
  const asking = (requests: Record<string, string>, nodeName = 'n') =>
    pod({ nodeName, containers: [{ name: 'c', image: 'a', resources: { requests } }] });
  const ask = async (object: Pod, previous = asking({ cpu: '1' }, object.spec?.nodeName)) =>
    (
      await askAdmission([createPodResizeValidator(objects)], {
        ...{ kind: podKind, object, previous, subresource: 'resize' },
      })
    ).refused;
  const short = `403 pods "p" is forbidden: node didn't have enough allocatable resources`;

  const cases = [
    ['all that the node has', asking({ cpu: '2', memory: '1Gi' }), ''],
    ['more than that', asking({ cpu: '2001m' }), `${short}: cpu, requested: 2001, allocatable: 2000`],
    [
      'more of everything',
      asking({ cpu: '3', memory: '2Gi' }),
      `${short}: cpu, requested: 3000, allocatable: 2000; memory, requested: 2147483648, allocatable: 1073741824`,
    ],
    ['a pod without a node', asking({ cpu: '3' }, ''), ''],
    ['a node that is gone', asking({ cpu: '2' }, 'lost'), '403 pods "p" is forbidden: node "lost" not found'],
  ] as const;
  for (const [what, object, refused] of cases) it(what, async () => assert.equal(await ask(object), refused));

  it('lets through what changes nothing', async () => {
    assert.equal(await ask(asking({ cpu: '3' }), asking({ cpu: '3' })), '');
  });
});

describe('PodNodeSelector', () => {
  const selectors = readNodeSelectors({
    podNodeSelectorPluginConfig: { clusterDefaultNodeSelector: 'disk=ssd', limited: 'env=test, disk=ssd' },
  });
  const objects = new PlacedObjects();
  const annotations = (text: string) => ({ annotations: { 'scheduler.alpha.kubernetes.io/node-selector': text } });
  for (const metadata of [
    { name: 'plain' },
    { name: 'limited' },
    { name: 'own', ...annotations('env=prod') },
    { name: 'wrong', ...annotations('env') },
  ]) {
    objects.put(namespaceKind, { metadata });
  }
  const ask = async (namespace: string, nodeSelector?: Record<string, string>) => {
    const object = pod(nodeSelector && { nodeSelector });
    const { refused } = await askAdmission([createPodNodeSelector(objects, selectors)], {
      kind: podKind,
      namespace,
      object,
    });
    return refused === '' ? object.spec?.nodeSelector : refused;
  };

  it('adds what the namespace says, else what the cluster says', async () => {
    assert.deepEqual(await ask('plain', { a: 'b' }), { a: 'b', disk: 'ssd' });
    assert.deepEqual(await ask('own'), { env: 'prod' });
  });

  it('refuses what contradicts', async () => {
    assert.match(
      String(await ask('plain', { disk: 'hdd' })),
      /^403 .*: pod node label selector conflicts with its namespace node label selector$/,
    );
    assert.match(
      String(await ask('limited', { a: 'b' })),
      /^403 .*: pod node label selector labels conflict with its namespace whitelist$/,
    );
    assert.deepEqual(await ask('limited', { env: 'test' }), { env: 'test', disk: 'ssd' });
    assert.match(String(await ask('wrong')), /^403 .*invalid selector: env$/);
    assert.match(String(await ask('gone')), /^404 /);
  });

  it('is told selectors that can be', () => {
    const read = (text: unknown) => () => readNodeSelectors({ podNodeSelectorPluginConfig: { n: text } });
    for (const wrong of ['a', 'a=b=c', 'a b=c', '=', 7]) assert.throws(read(wrong), ConfigurationError);
    assert.throws(() => readNodeSelectors({ other: {} }), ConfigurationError);
    assert.equal(read('')().size, 1);
  });
});

describe('EventRateLimit', () => {
  let now = 0;
  const clock = { monotonic: () => now };
  const configuration = (...limits: object[]) => ({
    ...{ apiVersion: 'eventratelimit.admission.k8s.io/v1alpha1', kind: 'Configuration' },
    limits,
  });
  const event = (name: string) => ({ metadata: { name: 'e' }, involvedObject: { name }, source: { component: 'x' } });

  it('counts by what it is told, and forgets', async () => {
    const limits = readEventLimits(
      configuration(
        { type: 'Namespace', qps: 1, burst: 2 },
        { type: 'SourceAndObject', qps: 1, burst: 1, cacheSize: 1 },
      ),
    );
    const plugins = [createEventRateLimit(limits, clock)];
    const ask = async (namespace: string, name: string, dryRun = false) =>
      (await askAdmission(plugins, { kind: eventKind, namespace, object: event(name), dryRun })).refused;
    assert.equal(await ask('a', 'one'), '');
    assert.equal(await ask('a', 'one', true), '');
    assert.equal(await ask('a', 'one'), '429 limit reached on type SourceAndObject for key xone');
    assert.equal(await ask('a', 'two'), '429 limit reached on type Namespace for key a');
    assert.equal(await ask('b', 'one'), '');
    now += 1000;
    assert.equal(await ask('a', 'one'), '');
    const newer = { metadata: { name: 'e' }, regarding: { name: 'one' }, reportingController: 'x' };
    const asked = { kind: eventOfEventsGroupKind, namespace: 'b', object: newer };
    assert.equal(
      (await askAdmission(plugins, asked)).refused,
      '429 limit reached on type SourceAndObject for key xone',
    );
  });

  it('is told limits that can be', () => {
    for (const wrong of [
      { type: 'Servers', qps: 1, burst: 1 },
      { type: 'Server', qps: 0, burst: 1 },
      { type: 'Server', qps: 1 },
      { type: 'Server', qps: 1, burst: 1.5 },
      { type: 'User', qps: 1, burst: 1, cacheSize: -1 },
      { type: 'User', qps: 1, burst: 1, cache: 1 },
    ]) {
      assert.throws(() => readEventLimits(configuration(wrong)), ConfigurationError);
    }
    assert.throws(() => readEventLimits(configuration()), /limits: Required value/);
    assert.deepEqual(readEventLimits(undefined), []);
  });
});

describe('OwnerReferencesPermissionEnforcement', () => {
  const asked: string[] = [];
  /** May all but what a test says. */
  let refused = '';
  const decide = async ({ verb, resource }: Action) => {
    const name = `${verb} ${resource?.plural}${resource?.subresource ? `/${resource.subresource}` : ''} ${resource?.name}`;
    asked.push(name);
    return name === refused ? ({ decision: 'noOpinion', reason: 'no' } as const) : ({ decision: 'allow' } as const);
  };
  const plugins = [createOwnerReferencesPermissionEnforcement({ kinds: new KindRegistry([podKind]), decide })];
  const owner = (blockOwnerDeletion?: boolean, kind = 'Pod'): OwnerReference => ({
    ...{ apiVersion: 'v1', kind, name: 'o', uid: 'u' },
    ...(blockOwnerDeletion !== undefined && { blockOwnerDeletion }),
  });
  const owned = (...ownerReferences: object[]) => ({ metadata: { name: 'c', ownerReferences } }) as KubernetesObject;
  const ask = async (no: string, object: KubernetesObject, previous?: KubernetesObject, subresource?: string) => {
    asked.length = 0;
    refused = no;
    return (
      await askAdmission(plugins, {
        ...{ kind: configMapKind, namespace: 'n', object },
        ...(previous && { previous }),
        ...(subresource !== undefined && { subresource }),
      })
    ).refused;
  };

  it('asks nothing where no owner changes', async () => {
    assert.equal(await ask('', owned(owner()), owned(owner())), '');
    assert.equal(await ask('', owned()), '');
    assert.deepEqual(asked, []);
  });

  it('wants the right to delete what gets an owner, by whatever part it is written', async () => {
    const says = `403 configmaps "c" is forbidden: cannot set an ownerRef on a resource you can't delete: no, <nil>`;
    assert.equal(await ask('delete configmaps c', owned(owner())), says);
    assert.equal(await ask('delete configmaps c', owned(), owned(owner())), says);
    assert.equal(await ask('delete configmaps/status c', owned(owner()), owned(), 'status'), says);
  });

  it('wants the right to set finalizers on an owner that waits', async () => {
    const no = 'update pods/finalizers o';
    const says = `403 configmaps "c" is forbidden: cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: no, <nil>`;
    assert.equal(await ask(no, owned(owner(true))), says);
    assert.equal(await ask(no, owned(owner(true)), owned(owner(false))), says);
    assert.equal(await ask(no, owned(owner(false)), owned(owner(true))), '');
    assert.match(await ask('', owned(owner(true, 'Odd'))), /cannot find RESTMapping for APIVersion v1 Kind Odd/);
  });
});

describe('the choice of plugins', () => {
  const plugins = ['NamespaceLifecycle', 'AlwaysPullImages', 'PodSecurity'].map((name) => ({ name }));
  const choose = (enabled: string[], disabled: string[]) =>
    choosePlugins(plugins, { enabled, disabled }).map(({ name }) => name);

  it('is that of upstream unless something is said', () => {
    assert.deepEqual(choose([], []), ['NamespaceLifecycle', 'PodSecurity']);
    assert.deepEqual(choose(['AlwaysPullImages'], ['PodSecurity']), ['NamespaceLifecycle', 'AlwaysPullImages']);
    assert.deepEqual(choose([], ['MutatingAdmissionWebhook']), ['NamespaceLifecycle', 'PodSecurity']);
  });

  it('refuses names that say nothing, and contradictions', () => {
    assert.throws(
      () => choose(['PodSecurityPolicy'], []),
      /enable-admission-plugins plugin "PodSecurityPolicy" is unknown/,
    );
    assert.throws(() => choose(['AlwaysDeny'], []), /enable-admission-plugins plugin "AlwaysDeny" is unknown/);
    assert.throws(() => choose([], ['podsecurity']), /disable-admission-plugins plugin "podsecurity" is unknown/);
    assert.throws(
      () => choose(['PodSecurity'], ['PodSecurity']),
      /\[PodSecurity\] in enable-admission-plugins and disable-admission-plugins overlapped/,
    );
  });
});
