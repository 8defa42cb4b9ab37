import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isSemanticallyEqual } from './semantic-equality.ts';

const core = 'io.k8s.api.core.v1';
const selector = 'io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector';

describe('semantic equality', () => {
  const table: [string, string, object | null | undefined, object | null | undefined, boolean][] = [
    ['an empty list and none', selector, { matchExpressions: [] }, {}, true],
    ['an empty map and none', selector, { matchLabels: {} }, {}, true],
    ['a required list that is empty, and null', `${core}.PodSpec`, { containers: [] }, { containers: null }, true],
    ['an empty struct and none', `${core}.PodSpec`, { securityContext: {} }, {}, false],
    ['a struct by value and none', `${core}.Container`, { name: 'a', resources: {} }, { name: 'a' }, true],
    ['other values', selector, { matchLabels: { a: 'b' } }, { matchLabels: { a: 'c' } }, false],
    ['nothing and something', selector, undefined, {}, false],
    ['nothing and nothing', selector, undefined, null, true],
    [
      'another order of keys, deep down',
      `${core}.PodSpec`,
      { containers: [{ name: 'a', image: 'i', securityContext: { runAsUser: 1, privileged: true } }] },
      { containers: [{ securityContext: { privileged: true, runAsUser: 1 }, image: 'i', name: 'a' }] },
      true,
    ],
    [
      'another order of items',
      `${core}.PodSpec`,
      { containers: [{ name: 'a' }, { name: 'b' }] },
      { containers: [{ name: 'b' }, { name: 'a' }] },
      false,
    ],
    [
      'one amount in two spellings',
      `${core}.ResourceRequirements`,
      { limits: { memory: '1Gi', cpu: '1' } },
      { limits: { cpu: '1000m', memory: '1073741824' } },
      true,
    ],
    ['another amount', `${core}.ResourceRequirements`, { limits: { cpu: '1' } }, { limits: { cpu: '2' } }, false],
    ['false and none, by value', `${core}.PodSpec`, { hostNetwork: false }, {}, true],
    ['false and none, behind a pointer', `${core}.PodSpec`, { enableServiceLinks: false }, {}, false],
    ['zero and none, behind a pointer', 'io.k8s.api.apps.v1.DeploymentSpec', { replicas: 0 }, {}, false],
    ['no bytes and none', `${core}.Secret`, { data: { a: '' } }, { data: {} }, false],
    ['what the definition does not have', `${core}.PodSpec`, { bogus: 1 }, { bogus: 2 }, false],
  ];
  for (const [what, definition, a, b, same] of table) {
    it(`${same ? 'holds' : 'does not hold'} for ${what}`, () => {
      assert.equal(isSemanticallyEqual(definition, a, b), same);
      assert.equal(isSemanticallyEqual(definition, b, a), same);
    });
  }
});
