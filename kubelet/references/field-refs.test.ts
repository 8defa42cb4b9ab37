import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PodObject } from '../model/pod.ts';
import { containerIn, makePod } from '../testing/make-pod.ts';
import { type FieldContext, needsPodIp, readField, readResourceField } from './field-refs.ts';

const context: FieldContext = {
  nodeIp: '192.0.2.10',
  podIp: '10.0.0.7',
  allocatable: { cpu: '4', memory: '8Gi', 'ephemeral-storage': '100Gi', 'hugepages-2Mi': '64Mi' },
};

const pod: PodObject = makePod(
  {
    nodeName: 'node-1',
    serviceAccountName: 'robot',
    containers: [
      {
        name: 'a',
        resources: { requests: { cpu: '250m', memory: '64Mi' }, limits: { cpu: '1500m', memory: '100M' } },
      },
      { name: 'b', resources: { limits: { cpu: '0' } } },
    ],
  },
  {
    metadata: {
      ...makePod().metadata,
      labels: { tier: 'web', app: 'shop' },
      annotations: { 'example.com/note': 'two\nlines "quoted"', bell: '\u0007', "with]'x": 'odd' },
    },
  },
);

describe('readField', () => {
  const cases: readonly [fieldPath: string, wanted: string][] = [
    ['metadata.name', 'p'],
    ['metadata.namespace', 'default'],
    ['metadata.uid', 'u'],
    ["metadata.labels['app']", 'shop'],
    ["metadata.labels['none']", ''],
    ["metadata.annotations['example.com/note']", 'two\nlines "quoted"'],
    ['metadata.labels', 'app="shop"\ntier="web"'],
    ['spec.nodeName', 'node-1'],
    ['spec.serviceAccountName', 'robot'],
    ['status.hostIP', '192.0.2.10'],
    ['status.hostIPs', '192.0.2.10'],
    ['status.podIP', '10.0.0.7'],
    ['status.podIPs', '10.0.0.7'],
  ];
  for (const [fieldPath, wanted] of cases)
    it(`reads ${fieldPath}`, () => assert.equal(readField(pod, { fieldPath }, context), wanted));

  it('writes annotations sorted, a line each, their values as Go quotes them', () => {
    const lines = ['bell="\\a"', 'example.com/note="two\\nlines \\"quoted\\""', 'with]\'x="odd"'];
    assert.equal(readField(pod, { fieldPath: 'metadata.annotations' }, context), lines.join('\n'));
  });

  it('has no lines for a pod without labels, and no address before there is one', () => {
    assert.equal(readField(makePod(), { fieldPath: 'metadata.labels' }, context), '');
    assert.equal(readField(pod, { fieldPath: 'status.podIP' }, { ...context, podIp: undefined }), '');
  });

  it('refuses a path that it does not know', () => {
    assert.throws(() => readField(pod, { fieldPath: 'spec.priority' }, context), {
      message: 'unsupported fieldPath: spec.priority',
    });
  });

  it('knows which ones wait for the sandbox', () => {
    const waiting = ['status.podIP', 'status.podIPs', 'status.hostIP', 'metadata.name', undefined].map(needsPodIp);
    assert.deepEqual(waiting, [true, true, false, false, false]);
  });
});

describe('readResourceField', () => {
  const cases: readonly [resource: string, divisor: string | undefined, wanted: string][] = [
    ['limits.cpu', undefined, '2'], // rounded up
    ['limits.cpu', '0', '2'],
    ['limits.cpu', '1m', '1500'],
    ['requests.cpu', '1', '1'],
    ['requests.cpu', '1m', '250'],
    ['limits.memory', undefined, '100000000'],
    ['limits.memory', '1Mi', '96'],
    ['requests.memory', '1Ki', '65536'],
    ['requests.ephemeral-storage', undefined, '0'],
    // Without a limit the node is the limit, but for huge pages, of which there are none then.
    ['limits.ephemeral-storage', '1Gi', '100'],
    ['limits.hugepages-2Mi', '1', '0'],
  ];
  for (const [resource, divisor, wanted] of cases)
    it(`reads ${resource} in ${divisor}`, () => {
      const selector = { resource, ...(divisor !== undefined && { divisor }) };
      assert.equal(readResourceField(pod, containerIn(pod).spec, selector, context), wanted);
    });

  it('reads another container by its name', () => {
    assert.equal(readResourceField(pod, undefined, { containerName: 'a', resource: 'limits.cpu' }, context), '2');
  });

  it('takes a limit of zero for none', () => {
    assert.equal(readResourceField(pod, undefined, { containerName: 'b', resource: 'limits.cpu' }, context), '4');
  });

  it('takes the limit of the pod as a whole before that of the node', () => {
    const whole = makePod({ resources: { limits: { cpu: '3', memory: '1Gi' } } });
    const amountOf = (resource: string) => readResourceField(whole, containerIn(whole).spec, { resource }, context);
    assert.deepEqual(['limits.cpu', 'limits.memory', 'requests.cpu'].map(amountOf), ['3', '1073741824', '0']);
  });

  it('refuses a container that is not there', () => {
    assert.throws(() => readResourceField(pod, undefined, { containerName: 'x', resource: 'limits.cpu' }, context), {
      message: 'container x not found',
    });
  });
});
