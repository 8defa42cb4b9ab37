import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renderDescription } from './description.ts';

describe('renderDescription', () => {
  it('titles fields and items, and leaves out what people do not read', () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', uid: 'u', resourceVersion: '1', labels: { app: 'web', tier: 'front' } },
      spec: { nodeName: 'n1', containers: [{ name: 'a', image: 'img', args: ['x', 'y'], resources: {} }] },
      status: { podIP: '10.0.0.1', conditions: [{ type: 'Ready', status: 'True' }] },
    };
    assert.equal(
      renderDescription(pod),
      [
        'Name:         web',
        'Labels:       app=web',
        '              tier=front',
        'Spec:',
        '  Node Name:  n1',
        '  Containers:',
        '    a:',
        '      Image:  img',
        '      Args:   x, y',
        '      Resources: <none>',
        'Status:',
        '  Pod IP:     10.0.0.1',
        '  Conditions:',
        '    Ready:',
        '      Status: True',
        '',
      ].join('\n'),
    );
  });

  it('shows sizes instead of the values of Secrets', () => {
    const secret = {
      kind: 'Secret',
      metadata: { name: 's' },
      data: { password: Buffer.from('1234').toString('base64') },
    };
    const text = renderDescription(secret);
    assert.match(text, /password: +4 bytes/);
    assert.doesNotMatch(text, /MTIzNA/);
  });
});
