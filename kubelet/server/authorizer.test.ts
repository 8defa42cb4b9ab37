import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { actionOf, describeFailure, describeRefusal } from './authorizer.ts';

describe('what is done with a kubelet', () => {
  const jane = { name: 'jane', groups: ['system:masters'] };

  it('is asked in the words of roles', () => {
    for (const [method, root, verb, subresources] of [
      ['GET', 'pods', 'get', ['pods', 'proxy']],
      ['GET', 'runningpods', 'get', ['pods', 'proxy']],
      ['GET', 'healthz', 'get', ['healthz', 'proxy']],
      ['GET', 'configz', 'get', ['configz', 'proxy']],
      ['POST', 'exec', 'create', ['proxy']],
      ['GET', 'exec', 'get', ['proxy']],
      ['GET', 'containerLogs', 'get', ['proxy']],
      ['GET', 'metrics', 'get', ['metrics']],
      ['HEAD', 'stats', 'get', ['stats']],
      ['PUT', 'logs', 'update', ['log']],
      ['POST', 'checkpoint', 'create', ['checkpoint']],
      ['PATCH', '', 'patch', ['proxy']],
      ['GET', 'PODS', 'get', ['proxy']],
      ['DELETE', '__proto__', 'delete', ['proxy']],
      ['OPTIONS', 'constructor', 'options', ['proxy']],
    ] as const)
      assert.deepEqual(actionOf(jane, { method, root }), { caller: jane, verb, resource: 'nodes', subresources }, root);
  });

  it('is refused in upstream’s sentences', () => {
    const action = actionOf(jane, { method: 'GET', root: 'pods' });
    assert.equal(
      describeRefusal(action),
      'Forbidden (user=jane, verb=get, resource=nodes, subresource(s)=[pods proxy])\n',
    );
    assert.equal(
      describeFailure(action),
      'Authorization error (user=jane, verb=get, resource=nodes, subresource=pods)',
    );
  });
});
