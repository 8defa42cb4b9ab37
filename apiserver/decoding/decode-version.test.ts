import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deploymentKind } from '../../kinds/apps/deployment.ts';
import { horizontalPodAutoscalerKind } from '../../kinds/autoscaling/horizontal-pod-autoscaler.ts';
import { horizontalPodAutoscalerV1Kind } from '../../kinds/autoscaling/horizontal-pod-autoscaler-v1.ts';
import { KindRegistry } from '../../kinds/kind-registry.ts';
import { kinds } from '../../kinds/kind-table.ts';
import { decodeVersion } from './decode-version.ts';

const registry = new KindRegistry(kinds);

describe('a body in another version of its kind', () => {
  const metrics = [
    { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 7 } } },
  ];

  it('is read as what it says it is, and converted', () => {
    const body = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', spec: { metrics, nope: 1 } };
    const { object, strictErrors } = decodeVersion(horizontalPodAutoscalerV1Kind, body, registry);
    assert.equal((object.spec as { targetCPUUtilizationPercentage?: number }).targetCPUUtilizationPercentage, 7);
    assert.deepEqual(strictErrors, ['unknown field "spec.nope"']);
  });

  it('is converted the other way round too', () => {
    const spec = { targetCPUUtilizationPercentage: 7 };
    const body = { apiVersion: 'autoscaling/v1', kind: 'HorizontalPodAutoscaler', spec };
    const { object } = decodeVersion(horizontalPodAutoscalerKind, body, registry);
    assert.deepEqual((object.spec as { metrics?: unknown }).metrics, metrics);
  });

  it('is read as today when its version is served no more', () => {
    const body = { apiVersion: 'apps/v1beta1', kind: 'Deployment', spec: { replicas: 3 } };
    assert.equal((decodeVersion(deploymentKind, body, registry).object.spec as { replicas?: number }).replicas, 3);
  });
});
