import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Container, LimitRangeItem, Pod } from '../../../api/types/core/v1.ts';
import { limitRangerAnnotation, setDefaults, whyClaimRefused, whyPodRefused } from './limits.ts';

const rangeOf = (...limits: LimitRangeItem[]) => ({ spec: { limits } });
const container = (name: string, resources?: Container['resources']): Container => ({
  name,
  image: 'a',
  ...(resources && { resources }),
});
const podOf = (...containers: Container[]): Pod => ({ spec: { containers } });

describe('defaults of a LimitRange', () => {
  const range = rangeOf({
    type: 'Container',
    default: { memory: '2Gi', cpu: '2' },
    defaultRequest: { memory: '64Mi', cpu: '100m' },
  });

  it('fills in what is left open, and writes down what, in the order of the names', () => {
    const pod = podOf(container('a', { requests: { cpu: '1' } }), container('b'));
    Object.assign(pod.spec ?? {}, { initContainers: [container('i', { limits: { cpu: '1', memory: '1Gi' } })] });
    setDefaults(range, pod);
    assert.deepEqual(pod.spec?.containers[0]?.resources, {
      requests: { cpu: '1', memory: '64Mi' },
      limits: { memory: '2Gi', cpu: '2' },
    });
    assert.equal(
      pod.metadata?.annotations?.[limitRangerAnnotation],
      'LimitRanger plugin set: memory request for container a; cpu, memory limit for container a; cpu, memory request for container b; cpu, memory limit for container b; cpu, memory request for init container i',
    );
  });

  it('leaves a pod that says everything alone', () => {
    const said = { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '1', memory: '1Gi' } };
    const pod = podOf(container('a', said));
    setDefaults(range, pod);
    assert.deepEqual(pod, podOf(container('a', said)));
  });
});

describe('what a LimitRange refuses', () => {
  const cases: readonly [string, LimitRangeItem, Container['resources'], readonly string[]][] = [
    [
      'no request where there is a least one',
      { type: 'Container', min: { cpu: '50m' } },
      {},
      ['minimum cpu usage per Container is 50m.  No request is specified'],
    ],
    [
      'a request below it',
      { type: 'Container', min: { cpu: '50m' } },
      { requests: { cpu: '10m' } },
      ['minimum cpu usage per Container is 50m, but request is 10m'],
    ],
    [
      'a limit below it',
      { type: 'Container', min: { cpu: '50m' } },
      { requests: { cpu: '50m' }, limits: { cpu: '10m' } },
      ['minimum cpu usage per Container is 50m, but limit is 10m'],
    ],
    [
      'no limit where there is a most',
      { type: 'Pod', max: { memory: '1Gi' } },
      { requests: { memory: '1Gi' } },
      ['maximum memory usage per Pod is 1Gi.  No limit is specified'],
    ],
    [
      'a limit above it',
      { type: 'Pod', max: { memory: '1Gi' } },
      { limits: { memory: '2Gi' } },
      ['maximum memory usage per Pod is 1Gi, but limit is 2Gi'],
    ],
    [
      'a limit too far from its request',
      { type: 'Container', maxLimitRequestRatio: { cpu: '2' } },
      { requests: { cpu: '100m' }, limits: { cpu: '250m' } },
      ['cpu max limit to request ratio per Container is 2, but provided ratio is 2.500000'],
    ],
    [
      'a ratio to nothing',
      { type: 'Container', maxLimitRequestRatio: { cpu: '2' } },
      { limits: { cpu: '250m' } },
      ['cpu max limit to request ratio per Container is 2, but no request is specified or request is 0'],
    ],
    [
      'nothing that is on the bounds',
      { type: 'Container', min: { cpu: '1' }, max: { cpu: '1' } },
      { requests: { cpu: '1000m' }, limits: { cpu: '1' } },
      [],
    ],
    ['nothing of another type', { type: 'example.com/thing', max: { cpu: '1' } }, {}, []],
  ];
  for (const [name, item, resources, expected] of cases) {
    it(name, () => assert.deepEqual(whyPodRefused(rangeOf(item), podOf(container('a', resources))), expected));
  }

  it('counts containers and sidecars of a pod together, init containers by the largest', () => {
    const spec = {
      containers: [container('a', { limits: { cpu: '1' } }), container('b', { limits: { cpu: '1' } })],
      initContainers: [
        { ...container('s', { limits: { cpu: '500m' } }), restartPolicy: 'Always' },
        container('i', { limits: { cpu: '3' } }),
      ],
    };
    const range = rangeOf({ type: 'Pod', max: { cpu: '3400m' } });
    assert.deepEqual(whyPodRefused(range, { spec }), ['maximum cpu usage per Pod is 3400m, but limit is 3500m']);
  });

  it('judges claims by what they request', () => {
    const range = rangeOf({ type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '5Gi' } });
    const why = (storage: string) => whyClaimRefused(range, { spec: { resources: { requests: { storage } } } });
    assert.deepEqual(why('1Gi'), []);
    assert.deepEqual(why('1'), ['minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1']);
    assert.deepEqual(why('6Gi'), ['maximum storage usage per PersistentVolumeClaim is 5Gi, but request is 6Gi']);
  });
});
