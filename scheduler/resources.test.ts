import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PodSpec } from '../api/types/core/v1.ts';
import { computeAssumedRequests, computePodRequests } from './resources.ts';

const container = (name: string, requests: Record<string, string>, more = {}) => ({
  name,
  resources: { requests },
  ...more,
});
const sidecar = (name: string, requests: Record<string, string>) =>
  container(name, requests, { restartPolicy: 'Always' });

describe('computePodRequests', () => {
  const cases: { title: string; spec: PodSpec; want: Record<string, number> }[] = [
    {
      title: 'adds containers, CPU in thousandths and rounded up',
      spec: { containers: [container('a', { cpu: '1', memory: '1Gi' }), container('b', { cpu: '0.5001' })] },
      want: { cpu: 1501, memory: 2 ** 30 },
    },
    {
      title: 'takes the largest init container when it is more',
      spec: {
        initContainers: [container('i', { cpu: '3' }), container('j', { cpu: '2' })],
        containers: [container('a', { cpu: '1' })],
      },
      want: { cpu: 3000 },
    },
    {
      title: 'counts sidecars beside containers and beside the init containers after them',
      spec: {
        initContainers: [
          container('before', { cpu: '2' }),
          sidecar('s', { cpu: '1' }),
          container('after', { cpu: '2' }),
        ],
        containers: [container('a', { cpu: '1' })],
      },
      want: { cpu: 3000 },
    },
    {
      title: 'adds overhead on top',
      spec: { containers: [container('a', { cpu: '1' })], overhead: { cpu: '250m' } },
      want: { cpu: 1250 },
    },
    {
      title: 'prefers what is requested for the pod as a whole',
      spec: {
        containers: [container('a', { cpu: '1', memory: '1Mi' })],
        resources: { requests: { cpu: '3' } },
      } as PodSpec,
      want: { cpu: 3000, memory: 2 ** 20 },
    },
  ];
  for (const { title, spec, want } of cases)
    it(title, () => assert.deepEqual(Object.fromEntries(computePodRequests(spec)), want));

  it('assumes something for containers that request nothing', () => {
    const spec = { containers: [container('a', {}), container('b', { cpu: '1' })] };
    assert.deepEqual(Object.fromEntries(computeAssumedRequests(spec)), { cpu: 1100, memory: 2 * 200 * 2 ** 20 });
  });
});
