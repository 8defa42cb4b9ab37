import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { matchesRule, type Rule, type RuleSubject } from './match-rules.ts';

const deployment: RuleSubject = {
  ...{ group: 'apps', version: 'v1', plural: 'deployments', subresource: '' },
  ...{ operation: 'CREATE', namespace: 'a', name: 'web' },
};
const namespace: RuleSubject = { ...deployment, group: '', plural: 'namespaces', namespace: 'a', name: 'a' };
const node: RuleSubject = { ...deployment, group: '', plural: 'nodes', namespace: '' };
const all: Rule = { operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] };

describe('rules', () => {
  const table: readonly (readonly [rule: Rule, subject: Partial<RuleSubject>, matches: boolean])[] = [
    [all, {}, true],
    [all, { subresource: 'scale' }, false],
    [{ ...all, resources: ['*/*'] }, { subresource: 'scale' }, true],
    [{ ...all, resources: ['*/*'] }, {}, true],
    [{ ...all, resources: ['*/scale'] }, { subresource: 'scale' }, true],
    [{ ...all, resources: ['*/scale'] }, {}, false],
    [{ ...all, resources: ['deployments/*'] }, { subresource: 'status' }, true],
    [{ ...all, resources: ['deployments/*'] }, {}, true],
    [{ ...all, resources: ['deployments'] }, { subresource: 'status' }, false],
    [{ ...all, operations: ['UPDATE', 'DELETE'] }, {}, false],
    [{ ...all, operations: ['CREATE'] }, {}, true],
    [{ ...all, apiGroups: [''] }, {}, false],
    [{ ...all, apiVersions: ['v1beta1'] }, {}, false],
    [{ ...all, scope: 'Namespaced' }, {}, true],
    [{ ...all, scope: 'Cluster' }, {}, false],
    [{ ...all, scope: 'Namespaced' }, namespace, false],
    [{ ...all, scope: 'Cluster' }, namespace, true],
    [{ ...all, scope: 'Cluster' }, node, true],
    [{ ...all, scope: 'Namespaced' }, node, false],
    [{ ...all, resourceNames: ['web'] }, {}, true],
    [{ ...all, resourceNames: ['db'] }, {}, false],
    [{}, {}, false],
  ];
  for (const [rule, subject, matches] of table)
    it(`${JSON.stringify(rule)} ${matches ? 'mean' : 'do not mean'} ${JSON.stringify(subject)}`, () => {
      assert.equal(matchesRule(rule, { ...deployment, ...subject }), matches);
    });
});
