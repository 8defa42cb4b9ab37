import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { flattenedVerify } from 'jose';
import type { BootstrapToken } from '../../api/bootstrap-token.ts';
import { signatureOf, signedData } from './bootstrap-signatures.ts';

const now = Date.UTC(2030, 0, 1);
const token = (id: string, more: Partial<BootstrapToken> = {}): BootstrapToken => ({
  id,
  secret: '0123456789abcdef',
  usages: ['signing'],
  groups: [],
  ...more,
});
const keysOf = (tokens: readonly BootstrapToken[], data: Record<string, string> = { kubeconfig: 'x' }) =>
  Object.keys(signedData(data, tokens, now) ?? {});

describe('signatures of what the cluster says of itself', () => {
  it('are detached ones that JOSE verifies', async () => {
    const [header = '', payload, signature = ''] = signatureOf('content', token('abcdef')).split('.');
    assert.equal(payload, '');
    const jws = { protected: header, payload: Buffer.from('content').toString('base64url'), signature };
    const { protectedHeader } = await flattenedVerify(jws, Buffer.from('0123456789abcdef'), { algorithms: ['HS256'] });
    assert.deepEqual(protectedHeader, { alg: 'HS256', kid: 'abcdef' });
  });

  it('are there for each token that may sign, and go with it', () => {
    const tokens = [
      token('abcdef'),
      token('notone', { usages: ['authentication'] }),
      token('ended1', { expiresAt: now }),
      token('lives1', { expiresAt: now + 1 }),
    ];
    assert.deepEqual(keysOf(tokens), ['kubeconfig', 'jws-kubeconfig-abcdef', 'jws-kubeconfig-lives1']);
    const signed = signedData({ kubeconfig: 'x', other: 'y' }, tokens, now) ?? {};
    assert.equal(signedData(signed, tokens, now), undefined);
    assert.deepEqual(signedData(signed, [], now), { kubeconfig: 'x', other: 'y' });
  });

  it('follow what is said', () => {
    const signed = signedData({ kubeconfig: 'x' }, [token('abcdef')], now) ?? {};
    const changed = signedData({ ...signed, kubeconfig: 'z' }, [token('abcdef')], now) ?? {};
    assert.notEqual(changed['jws-kubeconfig-abcdef'], signed['jws-kubeconfig-abcdef']);
  });

  it('are of nothing else', () => assert.deepEqual(keysOf([token('abcdef')], { other: 'x' }), []));
});
