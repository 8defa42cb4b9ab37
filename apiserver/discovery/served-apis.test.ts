import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kinds } from '../../kinds/kind-table.ts';
import { groupsOf } from './served-apis.ts';

const remote = (group: string, version: string, groupPriorityMinimum: number, versionPriority: number) => ({
  group,
  version,
  priority: { groupPriorityMinimum, versionPriority },
});

describe('the groups that clients find', () => {
  it('are those of the table in upstream’s order', () => {
    const names = groupsOf(kinds, []).map(({ name }) => name);
    const start = ['apiregistration.k8s.io', 'apps', 'events.k8s.io', 'authentication.k8s.io', 'authorization.k8s.io'];
    assert.deepEqual(names.slice(0, start.length), start);
    assert.ok(names.indexOf('admissionregistration.k8s.io') < names.indexOf('apiextensions.k8s.io'));
  });

  it('prefer the version of the highest priority, then the most stable one', () => {
    assert.deepEqual(groupsOf(kinds, []).find(({ name }) => name === 'autoscaling')?.versions, ['v2', 'v1']);
    const versions = [
      remote('a.example', 'v1', 10, 5),
      remote('a.example', 'v2', 10, 5),
      remote('a.example', 'v1beta1', 10, 9),
    ];
    assert.deepEqual(groupsOf([], versions), [{ name: 'a.example', versions: ['v1beta1', 'v2', 'v1'] }]);
  });

  it('stand where the highest of their versions stands', () => {
    const names = groupsOf(
      [],
      [remote('b', 'v1', 1, 1), remote('a', 'v1', 5, 1), remote('b', 'v2', 9, 1), remote('c', 'v1', 5, 1)],
    );
    assert.deepEqual(
      names.map(({ name }) => name),
      ['b', 'a', 'c'],
    );
  });
});
