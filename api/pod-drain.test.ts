import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { drainBoundAnnotation, drainBoundOf, leadsTo, parseDrainBoundMs, parseRevision } from './pod-drain.ts';
import type { ServiceSpec } from './types/core/v1.ts';

describe('the bound of the wait for the proxies', () => {
  for (const [text, ms] of [
    ['0', 0],
    ['0s', 0],
    ['250ms', 250],
    ['10s', 10_000],
    ['5m', 300_000],
    ['5m1s', undefined],
    ['-1s', undefined],
    ['10', undefined],
    ['', undefined],
  ] as const)
    it(`"${text}" is ${ms}`, () => assert.equal(parseDrainBoundMs(text), ms));

  for (const [said, ms] of [
    [undefined, 10_000],
    ['0s', 0],
    ['1m', 60_000],
    ['never', 10_000],
  ] as const)
    it(`is ${ms} where the pod says ${said} and the node 10 s`, () =>
      assert.equal(drainBoundOf(said === undefined ? {} : { [drainBoundAnnotation]: said }, 10_000), ms));
});

describe('a Service leads to a pod', () => {
  const pod = { metadata: { name: 'p', namespace: 'default', labels: { app: 'web', tier: 'front' } } };
  const cases: readonly (readonly [title: string, leads: boolean, spec: ServiceSpec, metadata?: object])[] = [
    ['by its labels', true, { selector: { app: 'web' } }],
    ['not by others', false, { selector: { app: 'db' } }],
    ['not in another namespace', false, { selector: { app: 'web' } }, { namespace: 'other' }],
    ['not without a selector', false, {}],
    ['not as a name of something else', false, { selector: { app: 'web' }, type: 'ExternalName' }],
    [
      'not when it leads to all pods up to their end',
      false,
      { selector: { app: 'web' }, publishNotReadyAddresses: true },
    ],
    ['not when it goes itself', false, { selector: { app: 'web' } }, { deletionTimestamp: '2030-01-01T00:00:00Z' }],
  ];
  for (const [title, leads, spec, metadata] of cases)
    it(title, () =>
      assert.equal(leadsTo({ metadata: { name: 's', namespace: 'default', ...metadata }, spec }, pod), leads),
    );
});

describe('a revision', () => {
  for (const [text, revision] of [
    ['12', 12],
    ['0', 0],
    ['', undefined],
    ['-1', undefined],
    ['1e3', undefined],
    ['9999999999999999', undefined],
    [undefined, undefined],
  ] as const)
    it(`${text} is ${revision}`, () => assert.equal(parseRevision(text), revision));
});
