import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reconciledRules, reconciledSubjects } from './reconciled.ts';

const rule = (verbs: string, resources: string, apiGroups = '') => ({
  verbs: verbs.split(','),
  apiGroups: [apiGroups],
  resources: resources.split(','),
});

describe('auth reconcile', () => {
  it('adds what is missing, and nothing that is granted already', () => {
    const present = [rule('get,list', 'pods'), rule('*', 'secrets')];
    const wanted = [rule('get', 'pods'), rule('watch', 'secrets'), rule('get', 'pods/log')];
    assert.deepEqual(reconciledRules(present, { wanted, removeExtra: false }), [...present, rule('get', 'pods/log')]);
  });

  it('takes away what the file does not grant, when that is asked for', () => {
    const present = [rule('get', 'pods'), rule('*', 'secrets')];
    assert.deepEqual(reconciledRules(present, { wanted: [rule('get,list', 'pods')], removeExtra: true }), [
      rule('get', 'pods'),
      rule('get,list', 'pods'),
    ]);
  });

  it('knows names, parts of resources and paths', () => {
    const named = { ...rule('get', 'pods'), resourceNames: ['a'] };
    assert.equal(reconciledRules([named], { wanted: [rule('get', 'pods')], removeExtra: false }).length, 2);
    assert.equal(reconciledRules([rule('get', 'pods')], { wanted: [named], removeExtra: false }).length, 1);
    assert.equal(
      reconciledRules([rule('get', '*/scale', '*')], { wanted: [rule('get', 'x/scale', 'g')], removeExtra: false })
        .length,
      1,
    );
    const paths = { verbs: ['get'], nonResourceURLs: ['/a/*'] };
    const wanted = [{ verbs: ['get'], nonResourceURLs: ['/a/b'] }];
    assert.equal(reconciledRules([paths], { wanted, removeExtra: false }).length, 1);
  });

  it('joins subjects', () => {
    const [jane, joe] = ['jane', 'joe'].map((name) => ({ kind: 'User', name }));
    if (jane === undefined || joe === undefined) return;
    assert.deepEqual(reconciledSubjects([jane], { wanted: [joe, jane], removeExtra: false }), [jane, joe]);
    assert.deepEqual(reconciledSubjects([jane], { wanted: [joe], removeExtra: true }), [joe]);
  });
});
