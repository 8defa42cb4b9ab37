/** The conformance tests that ask for all operations on one resource. */

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { supportApiOperations } from './api-operations.ts';
import { at, type Json } from './api-user.ts';
import { World } from './world.ts';

let world: World;
before(async () => {
  world = await World.start();
});
after(() => world.stop());

const template = {
  metadata: { labels: { app: 'a' } },
  spec: { restartPolicy: 'OnFailure', containers: [{ name: 'c', image: 'registry.local/app:1' }] },
};

it('[sig-api-machinery] API priority and fairness should support FlowSchema API operations [Conformance]', () =>
  supportApiOperations(world, {
    path: '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas',
    make: () => ({
      spec: {
        matchingPrecedence: 10_000,
        priorityLevelConfiguration: { name: 'global-default' },
        distinguisherMethod: { type: 'ByUser' },
        rules: [
          {
            subjects: [{ kind: 'User', user: { name: 'example-e2e-non-existent-user' } }],
            nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
          },
        ],
      },
    }),
    status: { ...condition('flowschemas'), keepsMetadata: true },
  }));

it('[sig-api-machinery] API priority and fairness should support PriorityLevelConfiguration API operations [Conformance]', () =>
  supportApiOperations(world, {
    path: '/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations',
    make: () => ({
      spec: { type: 'Limited', limited: { nominalConcurrencyShares: 2, limitResponse: { type: 'Reject' } } },
    }),
    status: { ...condition('prioritylevelconfigurations'), keepsMetadata: true },
  }));

function condition(of: string) {
  const value = { type: 'Test', status: 'False', reason: of, message: 'set by a test', lastTransitionTime: null };
  const conditions = [value];
  return { patch: { status: { conditions } }, path: 'status.conditions.0.reason', value: of };
}

const matchConstraints = {
  resourceRules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'] }],
};

it('[sig-api-machinery] ValidatingAdmissionPolicy [Privileged:ClusterAdmin] should support ValidatingAdmissionPolicy API operations [Conformance]', () =>
  supportApiOperations(world, {
    path: '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies',
    make: () => ({ spec: { matchConstraints, validations: [{ expression: 'object.spec.replicas <= 100' }] } }),
    status: {
      patch: { status: { conditions: [{ ...readyCondition(), type: 'TypesChecked' }] } },
      path: 'status.conditions.0.type',
      value: 'TypesChecked',
    },
  }));

function readyCondition(): Json {
  return { status: 'True', reason: 'Tested', message: 'set by a test', lastTransitionTime: '2026-01-01T00:00:00Z' };
}

it('[sig-api-machinery] ValidatingAdmissionPolicy [Privileged:ClusterAdmin] should support ValidatingAdmissionPolicyBinding API operations [Conformance]', () =>
  supportApiOperations(world, {
    path: '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings',
    make: () => ({ spec: { policyName: 'replicalimit-policy.example.com', validationActions: ['Deny'] } }),
  }));

it('[sig-api-machinery] MutatingAdmissionPolicy [Privileged:ClusterAdmin] should support MutatingAdmissionPolicy API operations [Conformance]', () =>
  supportApiOperations(world, {
    path: '/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies',
    make: () => ({
      spec: {
        matchConstraints,
        reinvocationPolicy: 'Never',
        mutations: [
          {
            patchType: 'ApplyConfiguration',
            applyConfiguration: { expression: 'Object{spec: Object.spec{replicas: 100}}' },
          },
        ],
      },
    }),
    spec: { patch: { spec: { reinvocationPolicy: 'IfNeeded' } }, path: 'spec.reinvocationPolicy', value: 'IfNeeded' },
  }));

it('[sig-api-machinery] MutatingAdmissionPolicy [Privileged:ClusterAdmin] should support MutatingAdmissionPolicyBinding API operations [Conformance]', () =>
  supportApiOperations(world, {
    path: '/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings',
    make: () => ({ spec: { policyName: 'replicalimit-policy.example.com' } }),
  }));

it('[sig-apps] CronJob should support CronJob API operations [Conformance]', async () =>
  supportApiOperations(world, {
    path: `/apis/batch/v1/namespaces/${await world.namespace()}/cronjobs`,
    make: () => ({ spec: { schedule: '0 5 31 2 ?', jobTemplate: { spec: { template } } } }),
    status: {
      patch: { status: { lastScheduleTime: '2026-01-01T00:00:00Z' } },
      path: 'status.lastScheduleTime',
      value: '2026-01-01T00:00:00Z',
    },
  }));

it('[sig-network] EndpointSlice should support creating EndpointSlice API operations [Conformance]', async () =>
  supportApiOperations(world, {
    path: `/apis/discovery.k8s.io/v1/namespaces/${await world.namespace()}/endpointslices`,
    make: () => ({
      addressType: 'IPv4',
      endpoints: [{ addresses: ['1.2.3.4', '5.6.7.8'], conditions: { ready: true } }],
      ports: [{ name: 'a', port: 80, protocol: 'TCP' }],
    }),
  }));

it('[sig-network] Ingress API should support creating Ingress API operations [Conformance]', async () =>
  supportApiOperations(world, {
    path: `/apis/networking.k8s.io/v1/namespaces/${await world.namespace()}/ingresses`,
    make: (name) => ({
      spec: { defaultBackend: { service: { name: 'default-backend', port: { number: 80 } } }, rules: [rule(name)] },
    }),
    status: {
      patch: { status: { loadBalancer: { ingress: [{ ip: '169.1.1.1' }] } } },
      path: 'status.loadBalancer.ingress.0.ip',
      value: '169.1.1.1',
    },
  }));

const rule = (name: string): Json => ({
  host: `${name}.example.com`,
  http: {
    paths: [{ path: '/', pathType: 'ImplementationSpecific', backend: { service: { name, port: { number: 80 } } } }],
  },
});

it('[sig-network] IngressClass API should support creating IngressClass API operations [Conformance]', () =>
  supportApiOperations(world, {
    path: '/apis/networking.k8s.io/v1/ingressclasses',
    make: () => ({ spec: { controller: 'example.com/controller' } }),
  }));

it('[sig-network] ServiceCIDR and IPAddress API should support IPAddress API operations [Conformance]', () =>
  supportApiOperations(world, {
    path: '/apis/networking.k8s.io/v1/ipaddresses',
    names: ['192.168.1.1', '192.168.1.2', '192.168.1.3'],
    make: () => ({ spec: { parentRef: { resource: 'services', name: 'test', namespace: 'default' } } }),
  }));

it('[sig-network] ServiceCIDR and IPAddress API should support ServiceCIDR API operations [Conformance]', () =>
  supportApiOperations(world, {
    path: '/apis/networking.k8s.io/v1/servicecidrs',
    make: () => ({ spec: { cidrs: ['10.1.1.0/24'] } }),
    status: condition('servicecidrs'),
  }));

it('[sig-node] RuntimeClass should support RuntimeClasses API operations [Conformance]', () =>
  supportApiOperations(world, {
    path: '/apis/node.k8s.io/v1/runtimeclasses',
    make: () => ({ handler: 'test-handler' }),
  }));

it('[sig-storage] CSIStorageCapacity should support CSIStorageCapacities API operations [Conformance]', async () =>
  supportApiOperations(world, {
    path: `/apis/storage.k8s.io/v1/namespaces/${await world.namespace()}/csistoragecapacities`,
    make: () => ({ storageClassName: 'some-storage-class', capacity: '1Gi', nodeTopology: {} }),
  }));

const selectors = [{ cel: { expression: 'device.driver == "dra.example.com"' } }];
const devices = { requests: [{ name: 'gpu', exactly: { deviceClassName: 'example-class' } }] };

it('[sig-node] [DRA] CRUD Tests resource.k8s.io/v1 DeviceClass [Conformance]', () =>
  supportApiOperations(world, {
    path: '/apis/resource.k8s.io/v1/deviceclasses',
    make: () => ({ spec: { selectors } }),
    spec: {
      patch: { spec: { selectors: [{ cel: { expression: 'true' } }] } },
      path: 'spec.selectors.0.cel.expression',
      value: 'true',
    },
  }));

it('[sig-node] [DRA] CRUD Tests resource.k8s.io/v1 ResourceClaim [Conformance]', async () =>
  supportApiOperations(world, {
    path: `/apis/resource.k8s.io/v1/namespaces/${await world.namespace()}/resourceclaims`,
    make: () => ({ spec: { devices } }),
    status: {
      patch: {
        status: {
          allocation: { devices: { results: [{ request: 'gpu', driver: 'd.example.com', pool: 'p', device: 'x' }] } },
        },
      },
      path: 'status.allocation.devices.results.0.pool',
      value: 'p',
      keepsMetadata: true,
    },
  }));

it('[sig-node] [DRA] CRUD Tests resource.k8s.io/v1 ResourceClaimTemplate [Conformance]', async () =>
  supportApiOperations(world, {
    path: `/apis/resource.k8s.io/v1/namespaces/${await world.namespace()}/resourceclaimtemplates`,
    make: () => ({ spec: { spec: { devices } } }),
  }));

it('[sig-node] [DRA] CRUD Tests resource.k8s.io/v1 ResourceSlice [Conformance]', () =>
  supportApiOperations(world, {
    path: '/apis/resource.k8s.io/v1/resourceslices',
    make: () => ({
      spec: {
        nodeName: 'node-1',
        driver: 'dra.example.com',
        pool: { name: 'node-1', resourceSliceCount: 1, generation: 1 },
        devices: [],
      },
    }),
    spec: { patch: { spec: { devices: [{ name: 'd' }] } }, path: 'spec.devices.0.name', value: 'd' },
  }));

it('[sig-auth] Certificates API [Privileged:ClusterAdmin] should support CSR API operations [Conformance]', async () => {
  const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
  const make = (): Json => ({
    spec: { request: requestPem, signerName: 'example.com/e2e', usages: ['client auth'], expirationSeconds: 3600 },
  });
  await supportApiOperations(world, { path, make, status: condition('csrs') });
  const made = await world.post(path, { metadata: { name: 'csr-approval' }, ...make() });
  const conditions = [{ type: 'Approved', ...readyCondition() }];
  const approved = await world.put(`${path}/csr-approval/approval`, { ...made, status: { conditions } });
  const patched = await world.patch(`${path}/csr-approval/approval`, { metadata: { annotations: { pa: 'true' } } });
  assert.equal(at(approved, 'status.conditions.0.type'), 'Approved');
  assert.equal(at(patched, 'metadata.annotations.pa'), 'true');
  await world.delete(`${path}/csr-approval`);
});

/** A real PKCS #10 request (CN=ann), base64 of its PEM. */
const requestPem =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlISk1IQUNBUUF3RGpFTU1Bb0dBMVVFQXd3RFlXNXVNRmt3RXdZSEtvWkl6ajBDQVFZSUtvWkl6ajBEQVFjRApRZ0FFTDNOY2VGY3ZDOUI3QzhEem1OanVRQzFNL08wOXZFVnU4aEUvenJ5ZDJzK2Y5cEZYa1IyOFR4RkFxbjNiCmlvSWZkTzdYcGhtK1k3SzF1cTU1WFo0cmNLQUFNQW9HQ0NxR1NNNDlCQU1DQTBrQU1FWUNJUURVdVJhK09vQUwKZkhzMlIvODJuL3FHSVcxU3FvTUNpR0pFWks2cGhyWGdId0loQUx6UG1Ga2I4Zis4Tm5pVmpxR2xEZm9EYnR5RApvRCtqSkZHVXhXeW1taURuCi0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo=';
