import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { replicaSets } from '../../api/resources/apps.ts';
import { pods } from '../../api/resources/core.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import type { OwnerReference } from '../../api/types/meta/v1.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import { byController, controllerOf, controllerReference, decideClaims, uncontrolled } from './ownership.ts';

const going = '2030-01-02T00:00:00Z';
const owner = (deletionTimestamp?: string) =>
  storedObject(replicaSets, { metadata: { name: 'web', ...(deletionTimestamp && { deletionTimestamp }) } });
const reference = (uid: string, controller = true): OwnerReference => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  name: uid,
  uid,
  ...(controller && { controller }),
});

function pod(
  name: string,
  ownerReferences: OwnerReference[] = [],
  more: { app?: string; deletionTimestamp?: string } = {},
) {
  const { app = 'web', deletionTimestamp } = more;
  return storedObject(pods, {
    metadata: { name, labels: { app }, ownerReferences, ...(deletionTimestamp && { deletionTimestamp }) },
  });
}

describe('claims of an owner on objects', () => {
  const claims = (of: ReturnType<typeof owner>, ...candidates: ReturnType<typeof pod>[]) => {
    const { mine, adopt, release } = decideClaims<Pod>(of, candidates, (labels) => labels.app === 'web');
    const names = (list: typeof mine) => list.map(({ metadata }) => metadata.name);
    return { mine: names(mine), adopt: names(adopt), release: names(release) };
  };
  const nothing = { mine: [], adopt: [], release: [] };

  const cases: readonly (readonly [
    title: string,
    owner: ReturnType<typeof owner>,
    candidate: ReturnType<typeof pod>,
    claims: ReturnType<typeof claims>,
  ])[] = [
    ['own and selected: kept', owner(), pod('p', [reference('web')]), { ...nothing, mine: ['p'] }],
    [
      'own, not selected: released',
      owner(),
      pod('p', [reference('web')], { app: 'db' }),
      { ...nothing, release: ['p'] },
    ],
    ['nobody’s and selected: adopted', owner(), pod('p'), { ...nothing, adopt: ['p'] }],
    ['nobody’s, not selected: none of its business', owner(), pod('p', [], { app: 'db' }), nothing],
    ['of another controller: never touched', owner(), pod('p', [reference('other')]), nothing],
    [
      'owned but not controlled by another: adopted',
      owner(),
      pod('p', [reference('other', false)]),
      { ...nothing, adopt: ['p'] },
    ],
    ['nobody’s, on its way out: not adopted', owner(), pod('p', [], { deletionTimestamp: going }), nothing],
    [
      'own, on its way out: kept',
      owner(),
      pod('p', [reference('web')], { deletionTimestamp: going }),
      { ...nothing, mine: ['p'] },
    ],
    ['a deleted owner keeps what it has', owner(going), pod('p', [reference('web')]), { ...nothing, mine: ['p'] }],
    ['but adopts nothing', owner(going), pod('p'), nothing],
    ['and releases nothing', owner(going), pod('p', [reference('web')], { app: 'db' }), nothing],
  ];
  for (const [title, of, candidate, wanted] of cases) it(title, () => assert.deepEqual(claims(of, candidate), wanted));
});

describe('owner references', () => {
  it('one of them controls', () => {
    assert.equal(controllerOf(pod('p', [reference('a', false), reference('b')]))?.uid, 'b');
    assert.equal(controllerOf(pod('p', [reference('a', false)])), undefined);
    assert.equal(controllerOf({ metadata: {} }), undefined);
  });

  it('index objects by their controller, or by namespace where there is none', () => {
    assert.deepEqual(byController(pod('p', [reference('a', false), reference('b')])), ['b']);
    assert.deepEqual(byController(pod('p')), []);
    assert.deepEqual(uncontrolled(pod('p')), ['default']);
    assert.deepEqual(uncontrolled(pod('p', [reference('b')])), []);
  });

  it('to a controller block its deletion in the foreground', () => {
    assert.deepEqual(controllerReference(owner()), {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      name: 'web',
      uid: 'web',
      controller: true,
      blockOwnerDeletion: true,
    });
  });
});
