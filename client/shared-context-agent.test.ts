import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createAuthority, issueCertificate } from '../base/certificates.ts';
import { SharedContext, SharedContextAgent } from './shared-context-agent.ts';

describe('SharedContext', () => {
  it('is one for all connections, until there is another certificate or authority', async () => {
    const [authority, next] = await Promise.all([createAuthority('one'), createAuthority('two')]);
    const { certificate: cert, key } = await issueCertificate(authority, { commonName: 'me', usages: ['client'] });
    const shared = new SharedContext();
    const ca = authority.certificate;
    const first = shared.for({ ca, cert, key });
    assert.equal(shared.for({ ca, cert, key }), first);
    const renewed = shared.for({ ca: next.certificate, cert, key });
    assert.notEqual(renewed, first);
    assert.equal(shared.for({ ca: next.certificate, cert, key }), renewed);
    assert.notEqual(shared.for({ ca }), renewed);
  });

  it('says what is wrong with a certificate when a connection is to be made', () => {
    const shared = new SharedContext();
    assert.throws(() => shared.for({ cert: 'none', key: 'none' }), /PEM/);
  });
});

describe('SharedContextAgent', () => {
  it('tells connections apart by where to and by credentials', () => {
    const agent = new SharedContextAgent({}, new SharedContext());
    const to = { host: 'a', port: 1, cert: 'cert', key: 'key' };
    const name = agent.getName(to);
    const others = [{ host: 'b' }, { port: 2 }, { ca: 'ca' }, { cert: 'other' }, { key: 'other' }];
    const names = others.map((other) => agent.getName({ ...to, ...other }));
    assert.equal(new Set([name, ...names]).size, others.length + 1);
    assert.deepEqual(
      others.map((other) => agent.getName({ ...to, ...other })),
      names,
    );
    assert.equal(agent.getName({ ...to }), name);
  });
});
