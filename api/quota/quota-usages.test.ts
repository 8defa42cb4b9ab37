/** Expected from upstream's documentation of quotas, not from the code. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { writeAmounts } from '../amounts.ts';
import type { Container, Pod, PodSpec } from '../types/core/v1.ts';
import { podUsage } from './pod-usage.ts';
import { quotaUsageOf } from './quota-usages.ts';

const now = Date.parse('2030-01-01T00:00:00Z');
const container = (resources: Container['resources'] = {}, name = 'c'): Container => ({ name, image: 'a', resources });
const podOf = (
  spec: Partial<PodSpec> & { readonly resources?: Container['resources'] },
  rest: Omit<Pod, 'spec'> = {},
): Pod => ({
  ...rest,
  spec: { containers: [container()], ...spec },
});

function usageOf(group: string, plural: string, object: object): Record<string, string> | undefined {
  const usage = quotaUsageOf({ group, plural });
  return usage && writeAmounts(usage.usageOf(object, now));
}

describe('what counts in a quota', () => {
  const running = { status: { phase: 'Running' } };
  const cases: readonly [string, string, string, object, Record<string, string> | undefined][] = [
    ['any object, by its resource and group', 'apps', 'deployments', {}, { 'count/deployments.apps': '1' }],
    ['a secret, by its old name too', '', 'secrets', {}, { 'count/secrets': '1', secrets: '1' }],
    ['a resource that shares the name of one', 'example.com', 'secrets', {}, { 'count/secrets.example.com': '1' }],
    ['no event', 'events.k8s.io', 'events', {}, undefined],
    [
      'a Service with node ports',
      '',
      'services',
      { spec: { type: 'NodePort', ports: [{ port: 1 }, { port: 2 }] } },
      { 'count/services': '1', services: '1', 'services.nodeports': '2', 'services.loadbalancers': '0' },
    ],
    [
      'a load balancer that allocates none, but has one',
      '',
      'services',
      {
        spec: {
          type: 'LoadBalancer',
          allocateLoadBalancerNodePorts: false,
          ports: [{ port: 1, nodePort: 30000 }, { port: 2 }],
        },
      },
      { 'count/services': '1', services: '1', 'services.nodeports': '1', 'services.loadbalancers': '1' },
    ],
    [
      'a claim, by its class too, in whole bytes',
      '',
      'persistentvolumeclaims',
      { spec: { storageClassName: 'fast', resources: { requests: { storage: '1500m' } } } },
      {
        'count/persistentvolumeclaims': '1',
        persistentvolumeclaims: '1',
        'fast.storageclass.storage.k8s.io/persistentvolumeclaims': '1',
        'requests.storage': '2',
        'fast.storageclass.storage.k8s.io/requests.storage': '2',
      },
    ],
    [
      'devices of a claim: all that it names, and of choices the largest of each class',
      'resource.k8s.io',
      'resourceclaims',
      {
        spec: {
          devices: {
            requests: [
              { name: 'a', exactly: { deviceClassName: 'gpu', count: 2 } },
              {
                name: 'b',
                firstAvailable: [
                  { deviceClassName: 'gpu', count: 1 },
                  { deviceClassName: 'gpu', count: 3 },
                  { deviceClassName: 'nic', allocationMode: 'All' },
                ],
              },
            ],
          },
        },
      },
      {
        'count/resourceclaims.resource.k8s.io': '1',
        'gpu.deviceclass.resource.k8s.io/devices': '5',
        'nic.deviceclass.resource.k8s.io/devices': '32',
      },
    ],
    [
      'a pod: requests under three names, limits under one; extended and huge ones',
      '',
      'pods',
      podOf(
        {
          containers: [
            container({
              requests: { cpu: '100m', 'example.com/gpu': '1', 'hugepages-2Mi': '4Mi' },
              limits: { memory: '1Gi' },
            }),
          ],
        },
        running,
      ),
      {
        'count/pods': '1',
        pods: '1',
        cpu: '100m',
        'requests.cpu': '100m',
        'limits.memory': '1Gi',
        'requests.example.com/gpu': '1',
        'hugepages-2Mi': '4Mi',
        'requests.hugepages-2Mi': '4Mi',
      },
    ],
    [
      'a pod that has ended, by its object alone',
      '',
      'pods',
      podOf({}, { status: { phase: 'Failed' } }),
      { 'count/pods': '1' },
    ],
    [
      'a pod whose time to end is over likewise',
      '',
      'pods',
      podOf({}, { metadata: { deletionTimestamp: '2029-12-31T23:59:20Z', deletionGracePeriodSeconds: 30 } }),
      { 'count/pods': '1' },
    ],
    [
      'overhead, on top of limits only where there are any',
      '',
      'pods',
      podOf({ overhead: { cpu: '10m', memory: '1Mi' }, containers: [container({ limits: { cpu: '1' } })] }, running),
      {
        'count/pods': '1',
        pods: '1',
        cpu: '10m',
        'requests.cpu': '10m',
        memory: '1Mi',
        'requests.memory': '1Mi',
        'limits.cpu': '1010m',
      },
    ],
    [
      'what a container still holds while it is made smaller',
      '',
      'pods',
      podOf(
        { containers: [container({ requests: { cpu: '100m' } })] },
        {
          status: {
            containerStatuses: [
              {
                name: 'c',
                image: 'a',
                imageID: 'a',
                ready: true,
                restartCount: 0,
                allocatedResources: { cpu: '300m' },
              },
            ],
          },
        },
      ),
      { 'count/pods': '1', pods: '1', cpu: '300m', 'requests.cpu': '300m' },
    ],
  ];
  for (const [name, group, plural, object, expected] of cases) {
    it(name, () => assert.deepEqual(usageOf(group, plural, object), expected));
  }
});

describe('what a quota demands of pods', () => {
  it('says for which containers', () => {
    const pod = podOf({
      containers: [container({}, 'b'), container({}, 'a'), container({ limits: { cpu: '1' } }, 'c')],
    });
    const why = podUsage.whyIncomplete?.(['limits.cpu', 'pods', 'requests.ephemeral-storage', 'memory'], pod);
    assert.equal(why, 'must specify limits.cpu for: a,b; memory for: a,b,c');
  });

  it('takes what the pod says as a whole', () => {
    const pod = podOf({ resources: { requests: { cpu: '1' } } });
    assert.equal(podUsage.whyIncomplete?.(['limits.cpu'], pod), undefined);
  });
});

describe('scopes of pods', () => {
  const paid = { containers: [container({ requests: { cpu: '1' } })] };
  const term = { topologyKey: 'k' };
  const cases: readonly [string, string, readonly string[], Partial<PodSpec>, boolean][] = [
    ['Terminating', 'Exists', [], { activeDeadlineSeconds: 5 }, true],
    ['NotTerminating', 'Exists', [], { activeDeadlineSeconds: 5 }, false],
    ['BestEffort', 'Exists', [], {}, true],
    ['BestEffort', 'Exists', [], paid, false],
    ['NotBestEffort', 'Exists', [], paid, true],
    ['PriorityClass', 'In', ['high'], { priorityClassName: 'high' }, true],
    ['PriorityClass', 'NotIn', ['high'], {}, true],
    ['PriorityClass', 'NotIn', ['high'], { priorityClassName: 'high' }, false],
    ['PriorityClass', 'DoesNotExist', [], { priorityClassName: 'high' }, false],
    ['PriorityClass', 'Exists', [], { priorityClassName: 'high' }, true],
    [
      'CrossNamespacePodAffinity',
      'Exists',
      [],
      { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } },
      false,
    ],
    [
      'CrossNamespacePodAffinity',
      'Exists',
      [],
      {
        affinity: {
          podAntiAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 1, podAffinityTerm: { ...term, namespaceSelector: {} } },
            ],
          },
        },
      },
      true,
    ],
    ['VolumeAttributesClass', 'Exists', [], {}, false],
  ];
  for (const [scopeName, operator, values, spec, expected] of cases) {
    it(`${scopeName} ${operator} ${values}: ${expected} for ${JSON.stringify(spec)}`, () =>
      assert.equal(podUsage.isInScope?.({ scopeName, operator, values }, podOf(spec)), expected));
  }
});
