import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PodSpec } from '../../../api/types/core/v1.ts';
import { chooses, hasContainer, pathToPodSpec, setEnv, setImages } from './template-change.ts';
import { parseQuantities, splitWords, variableName } from './words.ts';

const spec: PodSpec = {
  initContainers: [{ name: 'init', image: 'i:1' }],
  containers: [
    {
      name: 'a',
      image: 'a:1',
      env: [
        { name: 'X', value: '1' },
        { name: 'Y', value: '2' },
      ],
    },
  ],
};

describe('set', () => {
  const patterns: readonly (readonly [pattern: string, name: string, chosen: boolean])[] = [
    ['*', 'web', true],
    ['web', 'web', true],
    ['web', 'webs', false],
    ['w*', 'web', true],
    ['*b', 'web', true],
    ['w*b', 'wb', true],
    ['wb*b', 'wb', false],
    ['*a*b*', 'xaybz', true],
    ['*b*a*', 'xaybz', false],
    ['w.b', 'web', false],
    ['', 'web', false],
  ];
  for (const [pattern, name, chosen] of patterns)
    it(`${pattern || 'nothing'} ${chosen ? 'chooses' : 'does not choose'} ${name}`, () =>
      assert.equal(chooses(pattern, name), chosen));

  it('image takes single containers or all', () => {
    const images = (map: Record<string, string>) => {
      const { initContainers = [], containers } = setImages(spec, new Map(Object.entries(map)));
      return [...initContainers, ...containers].map(({ image }) => image);
    };
    assert.deepEqual(images({ a: 'a:2' }), ['i:1', 'a:2']);
    assert.deepEqual(images({ '*': 'all' }), ['all', 'all']);
    assert.deepEqual(images({ '*': 'all', init: 'one' }), ['one', 'all']);
    assert.throws(() => images({ none: 'x' }), /unable to find container named "none"/);
  });

  it('env changes, adds and removes', () => {
    const set = [
      { name: 'X', value: '9' },
      { name: 'Z', value: '3' },
    ];
    const change = { set, remove: new Set(['Y']), overwrite: true };
    assert.deepEqual(setEnv(spec, 'a', change, 'deployments/web').containers[0]?.env, set);
    assert.throws(
      () => setEnv(spec, 'a', { ...change, overwrite: false }, 'deployments/web'),
      /deployments\/web 'X' already has a value/,
    );
    assert.deepEqual(setEnv(spec, 'none', change, 'deployments/web'), spec);
    assert.equal(hasContainer(spec, 'none'), false);
  });

  it('finds the pod specification of workloads, Jobs to come and pods', () => {
    const path = (of: object) => pathToPodSpec({ metadata: {}, spec: of });
    assert.deepEqual(path({ template: {} }), ['spec', 'template', 'spec']);
    assert.deepEqual(path({ containers: [] }), ['spec']);
    assert.deepEqual(path({ jobTemplate: {} }), ['spec', 'jobTemplate', 'spec', 'template', 'spec']);
    assert.equal(path({}), undefined);
  });

  it('parts words into objects and values', () => {
    const { resources, values, remove } = splitWords(['deployment/web', 'A=b=c', 'B-'], { removes: true });
    assert.deepEqual([resources, [...values], [...remove]], [['deployment/web'], [['A', 'b=c']], ['B']]);
    assert.deepEqual(splitWords(['svc', 'web-']).resources, ['svc', 'web-']);
    assert.deepEqual(parseQuantities('cpu=1,memory=2Gi'), { cpu: '1', memory: '2Gi' });
    assert.throws(() => parseQuantities('cpu'), /Invalid argument syntax/);
    assert.equal(variableName('my-key.x', 'P_'), 'P_MY_KEY_X');
  });
});
