import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pods } from '../../../api/resources/core.ts';
import { storedObject } from '../../../client/testing/stored-object.ts';
import { hasOldPods } from './old-pods.ts';
import { pictureSet } from './testing/deployment-pictures.ts';

const pod = (owner: string, phase: string, deletionTimestamp?: string) =>
  storedObject(pods, {
    metadata: {
      name: 'p',
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner, controller: true }],
      ...(deletionTimestamp !== undefined && { deletionTimestamp }),
    },
    status: { phase },
  });

describe('old pods that are waited for', () => {
  const current = pictureSet('new');
  const going = '2030-01-01T00:00:00Z';
  const cases: readonly (readonly [title: string, pod: ReturnType<typeof pod>, waits: boolean])[] = [
    ['one that runs', pod('old', 'Running'), true],
    ['one on its way out', pod('old', 'Running', going), true],
    ['one of which nothing is known', pod('old', 'Unknown'), true],
    ['not a finished one', pod('old', 'Failed', going), false],
    ['not a new one', pod('new', 'Running'), false],
  ];
  for (const [title, one, waits] of cases)
    it(title, () => assert.equal(hasOldPods({ current, old: [pictureSet('old')] }, [one]), waits));

  it('those that a status tells of', () => {
    assert.equal(hasOldPods({ current, old: [pictureSet('old', { status: { replicas: 1 } })] }, []), true);
    assert.equal(hasOldPods({ current, old: [] }, []), false);
    assert.equal(hasOldPods({ current: undefined, old: [] }, [pod('new', 'Running')]), true);
  });
});
