import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContainerConfig, SandboxConfig } from '../runtime.ts';
import {
  clusterLabel,
  isForeign,
  labelsOfContainer,
  labelsOfSandbox,
  nodeLabel,
  readLabels,
  typeLabel,
} from './docker-labels.ts';

const pod = { namespace: 'shop', name: 'web', uid: 'u' };
const maker = { node: 'node-1', clusterId: 'c' };
const sandbox = { pod, attempt: 2 } as SandboxConfig;
const container = {
  pod,
  name: 'app',
  kind: 'init',
  attempt: 3,
  specHash: 'h',
  imageName: 'app:1',
  annotations: { 'grace-seconds': '30', resources: '{}' },
} as unknown as ContainerConfig;

describe('labels', () => {
  it('bring back a sandbox', () => {
    const labels = labelsOfSandbox(sandbox, maker);
    assert.deepEqual(readLabels(labels), { type: 'sandbox', pod, attempt: 2, clusterId: 'c' });
    assert.equal(labels[nodeLabel], 'node-1');
  });

  it('bring back a container', () => {
    assert.deepEqual(readLabels(labelsOfContainer(container, 'sb', { ...maker, clusterId: undefined })), {
      type: 'container',
      pod,
      name: 'app',
      kind: 'init',
      attempt: 3,
      specHash: 'h',
      sandboxId: 'sb',
      imageName: 'app:1',
      annotations: { 'grace-seconds': '30', resources: '{}' },
    });
  });

  const whole = labelsOfContainer(container, 'sb', maker);
  const damaged: readonly [words: string, labels: Readonly<Record<string, string>>][] = [
    ['no labels', {}],
    ['labels of somebody else', { 'com.example': 'x' }],
    ['another type', { ...whole, [typeLabel]: 'network' }],
    ['no uid', { ...whole, 'io.kubernetes.pod.uid': '' }],
    ['an attempt that is no number', { ...whole, 'dev.longshore.attempt': 'x' }],
    ['a kind that is none', { ...whole, 'dev.longshore.kind': 'x' }],
  ];
  for (const [words, labels] of damaged)
    it(`with ${words} are not ours`, () => assert.equal(readLabels(labels), undefined));

  it('are foreign when they name another cluster; those that name none are not', () => {
    const found = [{ [clusterLabel]: 'c' }, { [clusterLabel]: 'd' }, {}].map((labels) => isForeign(labels, 'c'));
    assert.deepEqual(found, [false, true, false]);
    assert.equal(isForeign({ [clusterLabel]: 'd' }, undefined), true);
  });
});
