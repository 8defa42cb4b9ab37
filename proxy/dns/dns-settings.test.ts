import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chooseServers, readDnsConfigMap } from './dns-settings.ts';

const at = (address: string, port = 53) => ({ address, port });

describe('the ConfigMap of the DNS', () => {
  it('has the form of kube-dns', () => {
    const { configured, problems } = readDnsConfigMap({
      stubDomains: '{"Corp.Example.": ["10.1.0.53", "10.2.0.53:5353"]}',
      upstreamNameservers: '["192.0.2.53"]',
    });
    assert.deepEqual(problems, []);
    assert.deepEqual([...configured.stubDomains], [['corp.example', [at('10.1.0.53'), at('10.2.0.53', 5353)]]]);
    assert.deepEqual(configured.servers, [at('192.0.2.53')]);
  });

  for (const [name, data, problem] of [
    ['no JSON', { stubDomains: '{' }, /^stubDomains is no JSON: /],
    ['a list of domains', { stubDomains: '[]' }, /^stubDomains must be an object/],
    ['no domain', { stubDomains: '{"a b": ["10.1.0.53"]}' }, /"a b" is no domain/],
    ['a name in place of an address', { stubDomains: '{"a": ["ns.example"]}' }, /a must be a list of IP addresses/],
    ['no list', { upstreamNameservers: '"192.0.2.1"' }, /^upstreamNameservers must be a list/],
    ['an empty list', { upstreamNameservers: '[]' }, /^upstreamNameservers must be a list/],
  ] as const)
    it(`tells of ${name}, and leaves it out`, () => {
      const { configured, problems } = readDnsConfigMap(data);
      assert.match(problems[0] ?? '', problem);
      assert.equal(configured.stubDomains.size, 0);
      assert.equal(configured.servers, undefined);
    });
});

describe('chooseServers', () => {
  const flags = { servers: [at('1.1.1.1')], stubDomains: new Map([['a', [at('2.2.2.2')]]]) };
  const map = { servers: [at('3.3.3.3')], stubDomains: new Map([['a', [at('4.4.4.4')]]]) };
  const none = { stubDomains: new Map() };

  it('prefers flags to the ConfigMap, and that to the node', () => {
    assert.deepEqual(chooseServers(flags, map, [at('9.9.9.9')]), {
      servers: flags.servers,
      stubDomains: flags.stubDomains,
    });
    assert.deepEqual(chooseServers(none, map, [at('9.9.9.9')]), { servers: map.servers, stubDomains: map.stubDomains });
    assert.deepEqual(chooseServers(none, none, [at('9.9.9.9')]).servers, [at('9.9.9.9')]);
  });
});
