import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { discoverRemote } from './remote-resources.ts';

const flunders = {
  name: 'flunders',
  singularName: 'flunder',
  namespaced: true,
  kind: 'Flunder',
  verbs: ['get', 'list'],
};

describe('what another server says it serves', () => {
  it('is told with its subresources', () => {
    const status = { name: 'flunders/scale', kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: ['get'] };
    assert.deepEqual(discoverRemote({ resources: { resources: [flunders, status] } }), [
      {
        resource: 'flunders',
        responseKind: { group: '', version: '', kind: 'Flunder' },
        scope: 'Namespaced',
        singularResource: 'flunder',
        verbs: ['get', 'list'],
        subresources: [
          {
            subresource: 'scale',
            responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
            verbs: ['get'],
          },
        ],
      },
    ]);
  });

  const rubbish: readonly unknown[] = [
    undefined,
    null,
    'text',
    [],
    { resources: {} },
    { resources: [null, 5, {}, { name: 7, kind: 'A' }, { name: 'a' }, { name: '', kind: 'A' }] },
  ];
  for (const list of rubbish)
    it(`is nothing where it is ${JSON.stringify(list)}`, () => {
      assert.deepEqual(discoverRemote({ resources: list }), []);
    });

  it('is taken as far as it makes sense', () => {
    const odd = { ...flunders, verbs: ['get', 3], shortNames: 'fl', categories: null, namespaced: 'yes' };
    assert.deepEqual(discoverRemote({ resources: { resources: [odd] } }), [
      {
        resource: 'flunders',
        responseKind: { group: '', version: '', kind: 'Flunder' },
        scope: 'Cluster',
        singularResource: 'flunder',
        verbs: ['get'],
      },
    ]);
  });
});
