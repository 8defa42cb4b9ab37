import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NetworkPolicySpec } from '../../api/types/networking/v1.ts';
import { computeChanges } from '../nftables/nft-transaction.ts';
import { dnsAddress, podOf, policyOf, programOf } from './testing/policy-worlds.ts';
import { type Connection, isLetThrough } from './testing/program-judge.ts';

const web = podOf({ address: '10.244.1.1', labels: { app: 'web' }, ports: [{ name: 'http', containerPort: 8080 }] });
const client = podOf({ address: '10.244.1.2', labels: { app: 'client' } });
const far = podOf({ address: '10.244.2.1', labels: { app: 'client' }, node: 'b' });
const stranger = podOf({ address: '10.244.2.2', labels: { app: 'client' }, node: 'b', namespace: 'y' });
const pods = [web, client, far, stranger];
const namespaces = new Map([
  ['x', { team: 'shop' }],
  ['y', { team: 'other' }],
  ['kube-system', { 'kubernetes.io/metadata.name': 'kube-system' }],
]);
const isWeb = { matchLabels: { app: 'web' } };
const isClient = { matchLabels: { app: 'client' } };

const worldOf = (...specs: NetworkPolicySpec[]) => ({
  policies: specs.map((spec, i) => policyOf(`p${i}`, spec)),
  ...{ pods, namespaces },
});
const to = (server: string, more: Partial<Connection> = {}): Connection => ({
  ...{ client: '10.244.1.2', server, protocol: 'tcp', port: 8080 },
  ...more,
});

describe('computePolicyProgram', () => {
  const table: readonly (readonly [what: string, specs: NetworkPolicySpec[], rules: Record<string, string[]>])[] = [
    ['nothing of pods that no policy selects', [{ podSelector: { matchLabels: { app: 'nobody' } } }], {}],
    ['a chain that drops for a policy without rules', [{ podSelector: isWeb }], { in: ['drop'] }],
    ['nothing where a rule allows all', [{ podSelector: isWeb, ingress: [{}] }], {}],
    [
      'no set for the block of everything',
      [{ podSelector: isWeb, ingress: [{ from: [{ ipBlock: { cidr: '0.0.0.0/0' } }], ports: [{ port: 80 }] }] }],
      { in: ['meta l4proto tcp ct reply proto-src 80 return', 'drop'] },
    ],
    [
      'the numbers that names stand for, and ranges that meet as one',
      [
        { podSelector: isWeb, ingress: [{ ports: [{ port: 'http' }, { port: 8081, endPort: 8090 }] }] },
        { podSelector: isWeb, ingress: [{ ports: [{ port: 'nothing' }, { protocol: 'UDP' }] }] },
      ],
      {
        in: [
          'meta l4proto tcp ct reply proto-src 8080-8090 return',
          'meta l4proto udp ct reply proto-src 0-65535 return',
          'drop',
        ],
      },
    ],
    [
      'one set for the peers of many policies',
      [
        { podSelector: isWeb, ingress: [{ from: [{ podSelector: isClient }] }] },
        { podSelector: isWeb, ingress: [{ from: [{ podSelector: isClient }, { podSelector: isWeb }] }] },
      ],
      { in: ['ct original ip saddr @pods return', 'drop'] },
    ],
    [
      'for each port its own peers',
      [
        { podSelector: isWeb, ingress: [{ from: [{ podSelector: isClient }], ports: [{ port: 80 }, { port: 90 }] }] },
        { podSelector: isWeb, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/30' } }], ports: [{ port: 90 }] }] },
      ],
      {
        in: ['meta l4proto tcp ct reply proto-src vmap { 80 : goto to, 90 : goto to }', 'drop'],
        to: [
          'ct original ip saddr @pods return',
          'drop',
          'ct original ip saddr @pods return',
          'ct original ip saddr @nets return',
          'drop',
        ],
      },
    ],
  ];
  for (const [what, specs, expected] of table) {
    it(`has ${what}`, () => {
      const found: Record<string, string[]> = {};
      for (const [name, { rules }] of programOf(worldOf(...specs)).chains) {
        const [, kind] = /^(in|eg|to)-/.exec(name) ?? [];
        if (kind === undefined) continue;
        found[kind] = [
          ...(found[kind] ?? []),
          ...rules.map((rule) => rule.replace(/\b(to|pods|nets)-[0-9a-f]+/g, '$1')),
        ];
      }
      assert.deepEqual(found, expected);
    });
  }

  it('knows pods of all nodes as peers, and isolates those of its own', () => {
    const selector = { namespaceSelector: { matchLabels: { team: 'shop' } }, podSelector: isClient };
    const program = programOf(worldOf({ podSelector: {}, ingress: [{ from: [selector] }] }));
    const clients = [...program.maps].find(([name]) => name.startsWith('pods-'))?.[1] ?? new Map();
    assert.deepEqual([...clients.keys()].sort(), ['10.244.1.2', '10.244.2.1']);
    assert.deepEqual([...(program.maps.get('ingress')?.keys() ?? [])].sort(), ['10.244.1.1', '10.244.1.2']);
    assert.deepEqual([...(program.maps.get('egress')?.keys() ?? [])], []);
  });

  it('changes nothing but elements when a pod comes', () => {
    const specs = Array.from(
      { length: 20 },
      (_, i): NetworkPolicySpec => ({
        podSelector: isWeb,
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ from: [{ podSelector: isClient }], ports: [{ port: 80 + i }] }],
        egress: [{ to: [{ namespaceSelector: {} }] }],
      }),
    );
    const world = worldOf(...specs);
    const more = podOf({ address: '10.244.1.9', labels: { app: 'client' } });
    const lines = computeChanges(programOf(world), programOf({ ...world, pods: [...pods, more] }));
    assert.match(lines, /^(add element ip longshore-policies \S+ \{ 10\.244\.1\.9 \}\n){3}$/);
  });

  it('takes sets and chains away that nothing needs any more', () => {
    const [before, after] = [
      programOf(worldOf({ podSelector: isWeb, ingress: [{ from: [{ podSelector: isClient }] }] })),
      programOf(worldOf()),
    ];
    const lines = computeChanges(before, after);
    assert.match(
      lines,
      /delete element \S+ \S+ ingress[\s\S]*delete chain \S+ \S+ in-\w+\n[\s\S]*delete set \S+ \S+ pods-\w+\n$/,
    );
  });

  describe('the DNS of the node', () => {
    const dnsRule = (protocol: string) => ({
      to: [
        {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
          podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
        },
      ],
      ports: [{ protocol, port: 53 }],
    });
    for (const [what, egress, asks] of [
      ['is refused by an empty list', [], []],
      ['is allowed as pods of kube-system', [dnsRule('UDP'), dnsRule('TCP')], ['udp', 'tcp']],
      ['is allowed by one protocol', [dnsRule('UDP')], ['udp']],
      ['is allowed by its name of a port', [{ ports: [{ protocol: 'UDP', port: 'dns' }] }], ['udp']],
      ['is allowed by its address', [{ to: [{ ipBlock: { cidr: `${dnsAddress}/32` } }] }], ['udp', 'tcp']],
      ['is no pod of the namespace', [{ to: [{ podSelector: {} }] }], []],
      ['is one of all pods', [{ to: [{ namespaceSelector: {} }] }], ['udp', 'tcp']],
    ] as const satisfies readonly (readonly [string, NetworkPolicySpec['egress'], readonly string[]])[]) {
      it(what, () => {
        const world = worldOf({ podSelector: isClient, policyTypes: ['Egress'], egress: [...egress] });
        const program = programOf(world, { dnsAddresses: [dnsAddress] });
        const found = (['udp', 'tcp'] as const).filter((protocol) =>
          isLetThrough(program, 'input', to(dnsAddress, { protocol, port: 53 })),
        );
        assert.deepEqual(found, asks);
      });
    }
  });

  it('keeps addresses of the node out that no pod is known to have', () => {
    const program = programOf(worldOf(), { nodeNetworks: ['10.244.1.0/24'], dnsAddresses: [dnsAddress] });
    const unknown = '10.244.1.77';
    assert.equal(isLetThrough(program, 'forward', to(unknown)), false);
    assert.equal(isLetThrough(program, 'forward', to('10.244.2.1', { client: unknown })), false);
    assert.equal(isLetThrough(program, 'input', to(dnsAddress, { client: unknown, port: 53 })), false);
    assert.equal(isLetThrough(program, 'forward', to('10.244.2.77')), true);
  });
});
