import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Node } from '../../api/types/core/v1.ts';
import type { CertificateRequestFacts } from '../../base/certificate-request.ts';
import { AddressOrder } from './address-order.ts';
import { recognizeClient, whyNotServing } from './approval-plan.ts';
import type { Request } from './request-state.ts';
import { kubeletClientSigner, kubeletServingSigner, proxyClientSigner, whyNotSigned } from './signers.ts';

const facts: CertificateRequestFacts = {
  commonName: 'system:node:w1',
  commonNameCount: 1,
  organizations: ['system:nodes'],
  otherSubject: {},
  dnsNames: [],
  ipAddresses: [],
  emailAddresses: [],
  uris: [],
  publicKey: Buffer.alloc(0),
};
const clientUsages = ['client auth', 'digital signature'];
const servingUsages = ['server auth', 'digital signature'];

describe('signers', () => {
  // https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#kubernetes-signers
  for (const [title, signer, changed, usages, why] of [
    ['a kubelet’s client', 'kube-apiserver-client-kubelet', {}, clientUsages, undefined],
    ['with a key of RSA', 'kube-apiserver-client-kubelet', {}, [...clientUsages, 'key encipherment'], undefined],
    [
      'of another group',
      'kube-apiserver-client-kubelet',
      { organizations: ['x'] },
      clientUsages,
      'subject organization is not system:nodes',
    ],
    [
      'of two groups',
      'kube-apiserver-client-kubelet',
      { organizations: ['system:nodes', 'system:masters'] },
      clientUsages,
      'subject organization is not system:nodes',
    ],
    [
      'of no node',
      'kube-apiserver-client-kubelet',
      { commonName: 'ada' },
      clientUsages,
      'subject common name does not begin with system:node:',
    ],
    [
      'with a name',
      'kube-apiserver-client-kubelet',
      { dnsNames: ['w1'] },
      clientUsages,
      'DNS subjectAltNames are not allowed',
    ],
    [
      'with an address',
      'kube-apiserver-client-kubelet',
      { ipAddresses: ['10.0.0.1'] },
      clientUsages,
      'IP subjectAltNames are not allowed',
    ],
    [
      'with mail',
      'kube-apiserver-client-kubelet',
      { emailAddresses: ['a@b'] },
      clientUsages,
      'Email subjectAltNames are not allowed',
    ],
    [
      'with a URI',
      'kube-apiserver-client-kubelet',
      { uris: ['a:b'] },
      clientUsages,
      'URI subjectAltNames are not allowed',
    ],
    [
      'to serve',
      'kube-apiserver-client-kubelet',
      {},
      servingUsages,
      'usages did not match [client auth digital signature key encipherment]',
    ],
    [
      'too much',
      'kube-apiserver-client-kubelet',
      {},
      [...clientUsages, 'server auth'],
      'usages did not match [client auth digital signature key encipherment]',
    ],
    ['a kubelet’s server', 'kubelet-serving', { dnsNames: ['w1'] }, servingUsages, undefined],
    ['by address', 'kubelet-serving', { ipAddresses: ['10.0.0.1'] }, servingUsages, undefined],
    ['without either', 'kubelet-serving', {}, servingUsages, 'DNS or IP subjectAltName is required'],
    [
      'that calls as well',
      'kubelet-serving',
      { dnsNames: ['w1'] },
      [...servingUsages, 'client auth'],
      'usages did not match [digital signature key encipherment server auth]',
    ],
    ['anybody', 'kube-apiserver-client', { commonName: 'ada', organizations: ['devs'] }, ['client auth'], undefined],
    [
      'who would serve',
      'kube-apiserver-client',
      {},
      ['client auth', 'server auth'],
      'invalid usage for client certificate: server auth',
    ],
    [
      'who calls nobody',
      'kube-apiserver-client',
      {},
      ['digital signature'],
      'missing required usage for client certificate: client auth',
    ],
    ['anything', 'legacy-unknown', { commonName: 'x' }, ['cert sign'], undefined],
  ] as const)
    it(`${signer}: ${title}`, () =>
      assert.equal(whyNotSigned(`kubernetes.io/${signer}`, { ...facts, ...changed }, usages), why));
});

describe('names of nodes', () => {
  const rules = [
    ['kube-apiserver-client-kubelet', {}, clientUsages],
    ['kubelet-serving', { dnsNames: ['w1'] }, servingUsages],
  ] as const;
  for (const [signer, changed, usages] of rules) {
    const why = (more: Partial<CertificateRequestFacts>) =>
      whyNotSigned(`kubernetes.io/${signer}`, { ...facts, ...changed, ...more }, usages);
    for (const name of ['', 'N2', 'n2 ', '..', 'a/b', 'w1\0', 'x'.repeat(254)])
      it(`${signer}: ${JSON.stringify(name)} is none`, () =>
        assert.match(why({ commonName: `system:node:${name}` }) ?? '', /is not that of a node/));
    it(`${signer}: two are none`, () => assert.match(why({ commonNameCount: 2 }) ?? '', /more than one common name/));
  }
  it('of people: two are none either', () =>
    assert.match(
      whyNotSigned('kubernetes.io/kube-apiserver-client', { ...facts, commonNameCount: 2 }, clientUsages) ?? '',
      /more than one common name/,
    ));
});

describe('approval', () => {
  const request = (spec: Partial<Request['spec']>): Request => ({
    spec: { request: '', signerName: kubeletClientSigner, usages: clientUsages, username: 'system:node:w1', ...spec },
  });
  const subresources = (asked: Request, changed: Partial<CertificateRequestFacts> = {}) =>
    recognizeClient(asked, { ...facts, ...changed }).map(({ subresource }) => subresource);

  it('tells a node that asks for itself from somebody who asks for a node', () => {
    assert.deepEqual(subresources(request({})), ['selfnodeclient', 'nodeclient']);
    assert.deepEqual(subresources(request({ username: 'system:bootstrap:abc' })), ['nodeclient']);
    assert.deepEqual(subresources(request({}), { dnsNames: ['x'] }), []);
    assert.deepEqual(subresources(request({}), { commonNameCount: 2 }), []);
    assert.deepEqual(subresources(request({ username: 'system:node:W1' }), { commonName: 'system:node:W1' }), []);
    assert.deepEqual(subresources(request({ signerName: kubeletServingSigner })), []);
    assert.deepEqual(subresources(request({ usages: servingUsages })), []);
  });

  const nodeOf = (name: string, ...addresses: string[]): Node => ({
    metadata: { name },
    status: { addresses: addresses.map((address) => ({ type: 'InternalIP', address })) },
  });
  const all = [
    nodeOf('w1', '10.0.0.1', 'w1.lan', '127.0.0.1', 'w2'),
    nodeOf('w2', '10.0.0.2'),
    nodeOf('w3', '10.0.0.1'),
  ];
  /** In the order in which they came. */
  const orderOf = (nodes: readonly Node[]) => {
    const order = new AddressOrder();
    order.begin();
    for (const one of nodes) order.saw(one.metadata?.name ?? '', one);
    return (address: string, name: string) => order.isAnothers(address, name);
  };
  const why = (
    changed: Partial<CertificateRequestFacts>,
    spec: Partial<Request['spec']> = {},
    nodes = all.slice(0, 2),
  ) =>
    whyNotServing({
      request: request({ signerName: kubeletServingSigner, usages: servingUsages, groups: ['system:nodes'], ...spec }),
      facts: { ...facts, ...changed },
      nodeNamed: (name) => nodes.find(({ metadata }) => metadata?.name === name),
      isAnothers: orderOf(nodes),
    });

  it('lets a node serve under its own name and addresses only', () => {
    assert.equal(why({ dnsNames: ['w1', 'w1.lan'], ipAddresses: ['10.0.0.1'] }), undefined);
    assert.match(why({ dnsNames: ['w7'] }) ?? '', /is not an address of node w1/);
    assert.match(why({ ipAddresses: ['10.0.0.2'] }) ?? '', /is not an address of node w1/);
    const reversed = [...all].reverse();
    assert.match(why({ dnsNames: ['w2'] }, {}, reversed) ?? '', /another node's/);
    assert.match(why({ ipAddresses: ['10.0.0.1'] }, {}, reversed) ?? '', /another node's/);
    assert.equal(why({ ipAddresses: ['10.0.0.1'] }, {}, all), undefined);
    // Whoever else calls itself so: it is its name.
    assert.equal(why({ dnsNames: ['w1'] }, {}, [nodeOf('w9', 'w1'), ...all]), undefined);
    assert.match(why({ ipAddresses: ['127.0.0.1'] }) ?? '', /every machine/);
    assert.match(why({ dnsNames: ['w1'] }, {}, []) ?? '', /no node w1/);
    assert.match(why({ dnsNames: ['w1'] }, { username: 'system:node:w2' }) ?? '', /not sent by that node/);
    assert.match(why({ dnsNames: ['w1'] }, { groups: ['system:masters'] }) ?? '', /not sent by that node/);
    assert.match(why({ dnsNames: ['w1'], commonNameCount: 2 }) ?? '', /more than one common name/);
    assert.match(why({ dnsNames: ['w1'] }, { usages: clientUsages }) ?? '', /usages did not match/);
    assert.equal(why({ dnsNames: ['w1'] }, { signerName: kubeletClientSigner }), 'not asked');
  });

  const common = [
    'localhost',
    'LOCALHOST.',
    'a.localhost',
    'localhost.localdomain',
    'kubernetes',
    'kubernetes.default',
  ];
  for (const name of [
    ...common,
    'kubernetes.default.svc',
    'a.b.svc',
    'a.b.svc.cluster.local',
    'x.cluster.local',
    '*.lan',
  ])
    it(`lets no node serve as ${name}, although its Node says so`, () =>
      assert.match(why({ dnsNames: [name] }, {}, [nodeOf('w1', name)]) ?? '', /name of the cluster, or of every/));
});

describe('the certificate of a proxy', () => {
  const proxy: CertificateRequestFacts = { ...facts, commonName: 'system:kube-proxy', organizations: [] };
  const spec = {
    request: '',
    signerName: proxyClientSigner,
    usages: clientUsages,
    username: 'system:node:w1',
    groups: ['system:nodes', 'system:authenticated'],
  };
  const recognized = (more: Partial<typeof spec>, changed: Partial<CertificateRequestFacts> = {}) =>
    recognizeClient({ spec: { ...spec, ...more } }, { ...proxy, ...changed }).map(
      ({ subresource, ofNode }) => `${subresource} ${ofNode}`,
    );

  it('is for a node to ask, as long as it is there', () => assert.deepEqual(recognized({}), ['nodeproxyclient w1']));

  const others: readonly (readonly [what: string, Partial<typeof spec>, Partial<CertificateRequestFacts>])[] = [
    ['for people', { username: 'ada', groups: ['system:authenticated'] }, {}],
    ['for a name of a node without its group', { groups: ['system:authenticated'] }, {}],
    ['for a bootstrap token', { username: 'system:bootstrap:abcdef', groups: ['system:bootstrappers'] }, {}],
    ['of another user', {}, { commonName: 'system:kube-scheduler' }],
    ['of two users', {}, { commonNameCount: 2 }],
    ['of a group', {}, { organizations: ['system:masters'] }],
    ['with a name', {}, { dnsNames: ['kubernetes'] }],
    ['for a server', { usages: servingUsages }, {}],
  ];
  for (const [what, more, changed] of others)
    it(`is not ${what}`, () => {
      assert.deepEqual(recognized(more, changed), []);
      const isAboutSubject = Object.keys(changed).length > 0 || more.usages !== undefined;
      const why = whyNotSigned(proxyClientSigner, { ...proxy, ...changed }, more.usages ?? clientUsages);
      assert.equal(why !== undefined, isAboutSubject);
    });
});
