import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configMaps } from '../../api/resources/core.ts';
import type { ObjectMeta } from '../../api/types/meta/v1.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import { planPublication } from './root-certificate-plan.ts';

const description = 'kubernetes.io/description';

describe('the root certificate in a namespace', () => {
  const published = (data: Record<string, string>, metadata: ObjectMeta = {}) =>
    storedObject(configMaps, {
      metadata: { namespace: 'a', annotations: { [description]: 'said' }, ...metadata, name: 'kube-root-ca.crt' },
      data,
    });
  const plan = (current: ReturnType<typeof published> | undefined) =>
    planPublication('a', { current, certificate: 'PEM' });

  it('is made, and says what it is for', () => {
    const made = plan(undefined);
    assert.equal(made.type, 'create');
    const { metadata, data } = made.type === 'create' ? made.object : {};
    assert.deepEqual([metadata?.namespace, metadata?.name, data], ['a', 'kube-root-ca.crt', { 'ca.crt': 'PEM' }]);
    assert.match(
      metadata?.annotations?.[description] ?? '',
      /^Contains a CA bundle that can be used to verify the kube-apiserver/,
    );
  });

  it('is left when it is right, whatever else it is labelled', () => {
    assert.deepEqual(plan(published({ 'ca.crt': 'PEM' })), { type: 'nothing' });
    assert.deepEqual(plan(published({ 'ca.crt': 'PEM' }, { labels: { mine: 'x' } })), { type: 'nothing' });
  });

  for (const [title, data] of [
    ['another certificate', { 'ca.crt': 'OLD' }],
    ['something beside it', { 'ca.crt': 'PEM', other: 'x' }],
    ['nothing', {}],
  ] as const)
    it(`is put back over ${title}, and keeps what users added`, () => {
      const metadata = { labels: { mine: 'x' }, annotations: { theirs: 'y' } };
      const mended = plan(published(data, metadata));
      assert.equal(mended.type, 'update');
      const object = mended.type === 'update' ? mended.object : {};
      assert.deepEqual(object.data, { 'ca.crt': 'PEM' });
      assert.deepEqual(object.metadata?.labels, { mine: 'x' });
      assert.deepEqual(Object.keys(object.metadata?.annotations ?? {}).sort(), [description, 'theirs']);
    });

  it('gets its description back', () => {
    assert.equal(plan(published({ 'ca.crt': 'PEM' }, { annotations: {} })).type, 'update');
  });
});
