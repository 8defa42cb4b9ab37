import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inGoOrder } from './go-order.ts';

describe('the order of Go', () => {
  const show = (definition: string, value: unknown, touched?: unknown) =>
    JSON.stringify(inGoOrder(definition, value, touched));

  it('is that of the struct, and that of names for maps', () => {
    const object = {
      data: { b: '1', a: '2' },
      metadata: { labels: { z: '1', y: '2' }, uid: 'u', name: 'n' },
      kind: 'C',
    };
    assert.equal(
      show('io.k8s.api.core.v1.ConfigMap', object),
      '{"kind":"C","metadata":{"name":"n","uid":"u","labels":{"y":"2","z":"1"}},"data":{"a":"2","b":"1"}}',
    );
  });

  it('follows what is declared where that is not what is numbered', () => {
    const spec = { containers: [{ imagePullPolicy: 'Always', terminationMessagePath: '/x', env: [], envFrom: [] }] };
    assert.equal(
      show('io.k8s.api.core.v1.PodSpec', { ...spec, initContainers: [] }),
      '{"initContainers":[],"containers":[{"envFrom":[],"env":[],"terminationMessagePath":"/x","imagePullPolicy":"Always"}]}',
    );
  });

  it('is that of names wherever a patch has been', () => {
    const object = { spec: { replicas: 1, extra: 2 }, metadata: { uid: 'u', name: 'n' }, kind: 'Scale' };
    assert.equal(
      show('io.k8s.api.autoscaling.v1.Scale', object, { spec: { extra: 2 } }),
      '{"kind":"Scale","metadata":{"name":"n","uid":"u"},"spec":{"extra":2,"replicas":1}}',
    );
  });

  it('loses nothing that the definition does not have', () => {
    const object = JSON.parse('{"nope":[{"b":1,"a":2}],"__proto__":1}') as unknown;
    assert.equal(show('io.k8s.api.core.v1.Pod', object), '{"__proto__":1,"nope":[{"a":2,"b":1}]}');
  });
});
