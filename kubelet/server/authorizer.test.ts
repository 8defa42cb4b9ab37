import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { actionOf, apiServerOnly, describeRefusal } from './authorizer.ts';

describe('who may do what with a kubelet', () => {
  const jane = { name: 'jane', groups: ['system:masters'] };

  it('is asked in the words of roles', () => {
    for (const [method, root, verb, subresource] of [
      ['GET', 'pods', 'get', 'proxy'],
      ['POST', 'exec', 'create', 'proxy'],
      ['GET', 'metrics', 'get', 'metrics'],
      ['HEAD', 'stats', 'get', 'stats'],
      ['PUT', 'logs', 'update', 'log'],
      ['PATCH', '', 'patch', 'proxy'],
      ['DELETE', '__proto__', 'delete', 'proxy'],
      ['OPTIONS', 'constructor', 'options', 'proxy'],
    ] as const)
      assert.deepEqual(actionOf(jane, { method, root }), { caller: jane, verb, resource: 'nodes', subresource }, root);
  });

  it('is the API server, and nobody by their groups', () => {
    const allows = (name: string, groups: readonly string[] = []) =>
      apiServerOnly.authorize(actionOf({ name, groups }, { method: 'GET', root: 'pods' }));
    assert.equal(allows('kube-apiserver-kubelet-client'), true);
    for (const name of ['jane', 'admin', 'kube-apiserver', 'system:node:n1', 'KUBE-APISERVER-KUBELET-CLIENT', ''])
      assert.equal(allows(name, ['system:masters', 'system:nodes', 'kube-apiserver-kubelet-client']), false, name);
  });

  it('is refused in upstream’s sentence', () => {
    assert.equal(
      describeRefusal(actionOf(jane, { method: 'GET', root: 'pods' })),
      'Forbidden (user=jane, verb=get, resource=nodes, subresource=proxy)',
    );
  });
});
