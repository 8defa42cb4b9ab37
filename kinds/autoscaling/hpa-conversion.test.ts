import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type * as v2 from '../../api/types/autoscaling/v2.ts';
import { fromV2, toV2 } from './hpa-conversion.ts';

const selector = { matchLabels: { a: 'b' } };
const metrics: v2.MetricSpec[] = [
  { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } },
  { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } } },
  {
    type: 'ContainerResource',
    containerResource: { name: 'cpu', container: 'c', target: { type: 'Utilization', averageUtilization: 5 } },
  },
  { type: 'Pods', pods: { metric: { name: 'm', selector }, target: { type: 'AverageValue', averageValue: '3' } } },
  {
    type: 'Object',
    object: {
      describedObject: { kind: 'Service', name: 's', apiVersion: 'v1' },
      metric: { name: 'm' },
      target: { type: 'Value', value: '4' },
    },
  },
  { type: 'External', external: { metric: { name: 'q' }, target: { type: 'AverageValue', averageValue: '7' } } },
];
const behavior: v2.HorizontalPodAutoscalerBehavior = {
  scaleUp: { stabilizationWindowSeconds: 3, policies: [{ type: 'Pods', value: 2, periodSeconds: 60 }] },
  scaleDown: { selectPolicy: 'Disabled' },
};

describe('autoscaling/v1', () => {
  const stored: v2.HorizontalPodAutoscaler = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'h' },
    spec: { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'd' }, metrics, behavior },
    status: { desiredReplicas: 0, currentMetrics: null as never },
  };

  it('writes the metrics it has no fields for in its own words', () => {
    const { metadata, spec } = fromV2(stored);
    assert.equal(spec?.targetCPUUtilizationPercentage, 60);
    const written = JSON.parse(metadata?.annotations?.['autoscaling.alpha.kubernetes.io/metrics'] ?? '');
    assert.deepEqual(written[0], { type: 'Resource', resource: { name: 'memory', targetAverageValue: '1Gi' } });
    assert.deepEqual(written[3].object, {
      target: { kind: 'Service', name: 's', apiVersion: 'v1' },
      metricName: 'm',
      targetValue: '4',
    });
  });

  it('loses nothing on the way there and back', () => assert.deepEqual(toV2(fromV2(stored)).spec, stored.spec));

  it('takes annotations that are not its own for absent', () => {
    const object = fromV2({ ...stored, spec: { maxReplicas: 1, scaleTargetRef: { kind: 'D', name: 'd' } } });
    const annotations = {
      'autoscaling.alpha.kubernetes.io/metrics': '{"a"',
      'autoscaling.alpha.kubernetes.io/behavior': '[]',
      'autoscaling.alpha.kubernetes.io/conditions': '7',
    };
    assert.deepEqual(Object.keys(toV2({ ...object, metadata: { annotations } }).spec ?? {}), [
      'maxReplicas',
      'scaleTargetRef',
    ]);
  });
});
