/** What is said of objects whose conditions tell nothing: claims, Services, Ingresses, nodes and the smaller kinds. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { horizontalPodAutoscalers } from '../../../api/resources/autoscaling.ts';
import { cronJobs } from '../../../api/resources/batch.ts';
import {
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  resourceQuotas,
  services,
} from '../../../api/resources/core.ts';
import { endpointSlices } from '../../../api/resources/discovery.ts';
import { ingresses } from '../../../api/resources/networking.ts';
import { podDisruptionBudgets } from '../../../api/resources/policy.ts';
import { storageClasses } from '../../../api/resources/storage.ts';
import { storedObject } from '../../../client/testing/stored-object.ts';
import { explainClaim } from './explain-claim.ts';
import { explainIngress } from './explain-ingress.ts';
import { explainService } from './explain-service.ts';
import {
  explainAutoscaler,
  explainBudget,
  explainCronJob,
  explainNode,
  explainQuota,
  explainVolume,
} from './explain-small-kinds.ts';

const metadata = { name: 'x' };
const messages = (causes: readonly { readonly message: string }[]): string =>
  causes.map(({ message }) => message).join(' ');

describe('a claim', () => {
  const claim = (spec: object, phase = 'Pending') =>
    storedObject(persistentVolumeClaims, { metadata, spec, status: { phase } });
  const local = (volumeBindingMode: string) =>
    storedObject(storageClasses, { metadata: { name: 'local' }, provisioner: 'p', volumeBindingMode });
  const user = (nodeName?: string) =>
    storedObject(pods, { metadata: { name: 'u' }, spec: { containers: [], ...(nodeName && { nodeName }) } });
  const none = { storageClass: undefined, hasDefaultClass: false, users: [] };
  const waits = { ...none, storageClass: local('WaitForFirstConsumer') };
  const named = { storageClassName: 'local' };
  const cases: readonly [string, Parameters<typeof explainClaim>, RegExp][] = [
    ['that is bound', [claim(named, 'Bound'), none], /^$/],
    ['whose volume is gone', [claim({ volumeName: 'v' }, 'Lost'), none], /volume v is gone/],
    ['without a class', [claim({}), none], /names no StorageClass/],
    ['of a class that is not there', [claim(named), none], /StorageClass local does not exist/],
    ['that nobody uses', [claim(named), waits], /waits for a pod that uses it .* there is none/],
    ['whose pod waits', [claim(named), { ...waits, users: [user()] }], /waits for pod\/u to be placed/],
    ['whose pod has its node', [claim(named), { ...waits, users: [user('n')] }], /pod\/u is on n/],
    ['of a provisioner', [claim(named), { ...none, storageClass: local('Immediate') }], /waits for p to make a volume/],
  ];
  for (const [name, args, wanted] of cases) it(name, () => assert.match(messages(explainClaim(...args)), wanted));
});

describe('a Service', () => {
  const service = storedObject(services, {
    metadata,
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] },
  });
  const pod = (port: string) =>
    storedObject(pods, {
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'c', ports: [{ name: port, containerPort: 80 }] }] },
    });
  const slice = storedObject(endpointSlices, {
    metadata,
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'] }],
  });
  const said = (...[slices, selected]: [Parameters<typeof explainService>[1]['slices'], ReturnType<typeof pod>[]]) =>
    messages(explainService(service, { slices, pods: selected }));

  it('whose selector matches nothing', () => assert.match(said([], []), /No pod matches its selector app=web/));
  it('whose pods are not ready', () => assert.match(said([], [pod('http')]), /None of the 1 pods .* is ready/));
  it('whose slice is empty', () => {
    const empty = Object.assign(structuredClone(slice), { endpoints: null, ports: null });
    assert.equal(said([empty], [pod('http')]), said([], [pod('http')]));
  });
  it('whose port no pod has', () => assert.match(said([slice], [pod('web')]), /^No pod .* port named http\.$/));
  it('that is well', () => assert.equal(said([slice], [pod('http')]), ''));
});

describe('an Ingress', () => {
  const backend = { service: { name: 's', port: { number: 80 } } };
  const ingress = storedObject(ingresses, {
    metadata,
    spec: { ingressClassName: 'c', defaultBackend: backend, tls: [{ secretName: 't' }] },
    status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } },
  });
  const service = (port: number) => storedObject(services, { metadata: { name: 's' }, spec: { ports: [{ port }] } });

  it('whose parts are not there', () =>
    assert.match(
      messages(explainIngress(ingress, { services: [], secrets: [], classes: [] })),
      /IngressClass c does not.*Service s does not.*Secret t of its certificate does not/,
    ));
  it('whose Service has another port', () =>
    assert.equal(
      messages(explainIngress(ingress, { services: [service(81)], secrets: ['t'], classes: ['c'] })),
      'The Service s has no port 80.',
    ));
  it('that is well', () =>
    assert.deepEqual(explainIngress(ingress, { services: [service(80)], secrets: ['t'], classes: ['c'] }), []));
});

describe('others', () => {
  const run = { jobTemplate: {}, schedule: '@daily' };
  const healthy = { currentHealthy: 2, desiredHealthy: 2, expectedPods: 2 };
  const ready = [{ type: 'Ready', status: 'True' }];
  const cases: readonly [string, readonly { readonly message: string }[], RegExp][] = [
    [
      'a cordoned node',
      explainNode(storedObject(nodes, { metadata, spec: { unschedulable: true }, status: { conditions: ready } })),
      /^It is cordoned/,
    ],
    [
      'a tainted node',
      explainNode(
        storedObject(nodes, {
          metadata,
          spec: { taints: [{ key: 'gpu', value: 'a', effect: 'NoSchedule' }] },
          status: { conditions: ready },
        }),
      ),
      /gpu=a:NoSchedule/,
    ],
    ['a node without a kubelet', explainNode(storedObject(nodes, { metadata })), /never been heard of/],
    [
      'a suspended CronJob',
      explainCronJob(storedObject(cronJobs, { metadata, spec: { ...run, suspend: true } })),
      /suspended/,
    ],
    [
      'a CronJob whose last run goes on',
      explainCronJob(
        storedObject(cronJobs, {
          metadata,
          spec: { ...run, concurrencyPolicy: 'Forbid' },
          status: { active: [{ name: 'j' }] },
        }),
      ),
      /job\/j/,
    ],
    [
      'a released volume',
      explainVolume(
        storedObject(persistentVolumes, {
          metadata,
          spec: { claimRef: { namespace: 'n', name: 'c' }, persistentVolumeReclaimPolicy: 'Retain' },
          status: { phase: 'Released' },
        }),
      ),
      /claim n\/c is gone; it is kept, .*Retain/,
    ],
    [
      'a full quota',
      explainQuota(
        storedObject(resourceQuotas, {
          metadata,
          status: { hard: { pods: '2', cpu: '4' }, used: { pods: '2', cpu: '500m' } },
        }),
      ),
      /^All of pods is used: 2 of 2\.$/,
    ],
    [
      'a budget that allows nothing',
      explainBudget(storedObject(podDisruptionBudgets, { metadata, status: { ...healthy, disruptionsAllowed: 0 } })),
      /2 of 2 pods are healthy, and 2 have to be/,
    ],
    [
      'an autoscaler without a controller',
      explainAutoscaler(
        storedObject(horizontalPodAutoscalers, {
          metadata,
          spec: { maxReplicas: 2, scaleTargetRef: { kind: 'Deployment', name: 'x' } },
        }),
      ),
      /No controller/,
    ],
  ];
  for (const [name, causes, wanted] of cases) it(name, () => assert.match(messages(causes), wanted));
});
