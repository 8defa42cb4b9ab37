import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Stored } from '../../api/object.ts';
import { ConversionProblem, readConversion } from './converted-objects.ts';

const original: Stored = {
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata: {
    ...{ name: 'a', namespace: 'n', uid: 'u', resourceVersion: '7', creationTimestamp: '2026-01-02T03:04:05Z' },
    labels: { a: '1' },
  },
};
const asked = { reviewVersion: 'v1', uid: 'r', apiVersion: 'example.com/v2', objects: [original] };
const converted = { ...original, apiVersion: 'example.com/v2', spec: { size: 1 } };

const review = (objects: unknown, response: object = {}, rest: object = {}) => ({
  ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview', ...rest },
  response: { uid: 'r', result: { status: 'Success' }, convertedObjects: objects, ...response },
});

describe('the answer of a conversion webhook', () => {
  it('gives the objects, with the metadata that they had but for labels and annotations', async () => {
    const metadata = { ...original.metadata, resourceVersion: '9', labels: { b: '2' }, annotations: { c: '3' } };
    const [object] = await readConversion(review([{ ...converted, metadata }]), asked);
    assert.deepEqual(object, {
      ...converted,
      metadata: { ...original.metadata, labels: { b: '2' }, annotations: { c: '3' } },
    });
  });

  const without = (field: 'name' | 'namespace' | 'uid') => ({
    ...converted,
    metadata: { ...converted.metadata, [field]: 'x' },
  });
  const wrong: [what: string, answer: unknown, message: string][] = [
    [
      'nothing',
      undefined,
      'failed: expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got , Kind=',
    ],
    ['another review', review([converted], { uid: 'x' }), 'failed: expected response.uid="r", got "x"'],
    ['a failure', review([], { result: { status: 'Failure', message: 'no' } }), 'failed: no'],
    ['no status', review([], { result: {} }), "failed: response.result.status was '', not 'Success'"],
    ['too few', review([]), 'returned 0 objects, expected 1'],
    [
      'another version',
      review([original]),
      'returned invalid object at index 0: invalid groupVersion (expected example.com/v2, received example.com/v1)',
    ],
    [
      'another kind',
      review([{ ...converted, kind: 'X' }]),
      'returned invalid object at index 0: invalid kind (expected Widget, received X)',
    ],
    ['another name', review([without('name')]), 'returned invalid object: must have the same name: a != x'],
    [
      'another namespace',
      review([without('namespace')]),
      'returned invalid object: must have the same namespace: n != x',
    ],
    ['another uid', review([without('uid')]), 'returned invalid object: must have the same UID: u != x'],
    [
      'labels that are no texts',
      review([{ ...converted, metadata: { ...converted.metadata, labels: { a: 1 } } }]),
      'returned invalid metadata: metadata.labels[a] must be a string, but is int64 in converted object',
    ],
  ];
  const labelled = (labels: Record<string, string>) =>
    review([{ ...converted, metadata: { ...converted.metadata, labels } }]);
  const many = Object.fromEntries(Array.from({ length: 2500 }, (_, index) => [`key-${index}`, 'v']));

  it('may bring very many labels, of which each is checked', async () => {
    const [object] = await readConversion(labelled(many), asked);
    assert.deepEqual(object?.metadata.labels, many);
    const last = readConversion(labelled({ ...many, 'key-2499': '!' }), asked);
    await assert.rejects(last, /^ConversionProblem: returned invalid metadata: metadata\.labels: Invalid value: "!"/);
  });

  it('is told no further than anybody reads', async () => {
    const long = readConversion(review([converted], { uid: '"'.repeat(4 << 20) }), asked);
    await assert.rejects(long, ({ message }: Error) => message.length < 11_000 && message.endsWith('…'));
  });

  for (const [what, answer, message] of wrong)
    it(`is refused that brings ${what}`, () =>
      assert.rejects(
        () => readConversion(answer, asked),
        (error) => error instanceof ConversionProblem && error.message === message,
      ));

  it('is refused without a response', () =>
    assert.rejects(
      () => readConversion({ ...review([]), response: undefined }, asked),
      /failed: no response provided/,
    ));
});
