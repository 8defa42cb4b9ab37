import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Endpoint } from '../../api/endpoint-choice.ts';
import { serviceRule } from '../../test/support/service-rule.ts';
import type { ServiceRule } from './rules.ts';
import { computeProgram } from './service-program.ts';

const options = { clusterCidr: '10.244.0.0/16' };
const endpoint = (index: number): Endpoint => ({ address: `10.244.1.${index}`, port: 8080 });

function ruleOf(name: string, endpoints: Endpoint[], more: Partial<ServiceRule> = {}): ServiceRule {
  return serviceRule(endpoints, { name, clusterIp: `10.96.0.${name.length}`, ...more });
}

const programOf = (...services: ServiceRule[]) => computeProgram({ services, localAddresses: [] }, options);

describe('computeProgram', () => {
  it('refuses node ports of services without endpoints, and drops what only other nodes could answer', () => {
    const refused = programOf(ruleOf('a:', [], { nodePort: 30001 }));
    assert.equal(refused.maps.get('no-endpoint-node-ports')?.get('tcp . 30001'), 'goto refuse');
    const local = { nodePort: 30001, externalLocal: true, external: [] };
    const dropped = programOf(ruleOf('a:', [endpoint(1)], local));
    assert.equal(dropped.maps.get('no-endpoint-node-ports')?.get('tcp . 30001'), 'drop');
  });

  it('lets only the named senders use a load balancer', () => {
    const sourceRanges = { addresses: ['192.0.2.1'], cidrs: ['203.0.113.0/24'] };
    const program = programOf(ruleOf('a:', [endpoint(1)], { externalIps: ['192.0.2.1'], sourceRanges }));
    const verdict = program.maps.get('services')?.get('192.0.2.1 . tcp . 80') ?? '';
    const firewall = program.chains.get(verdict.replace('goto ', ''));
    const [external] = [...program.chains.keys()].filter((name) => name.startsWith('ext-'));
    assert.deepEqual(firewall?.rules, [`ip saddr 203.0.113.0/24 goto ${external}`, 'drop']);
  });

  it('rests no decision on a set within a rule, which is empty while a transaction commits', () => {
    const sourceRanges = { addresses: ['192.0.2.1'], cidrs: ['203.0.113.0/24', '198.51.100.0/24'] };
    const endpoints = [endpoint(1), endpoint(2), endpoint(3)];
    const program = programOf(
      ruleOf('a:', endpoints, { nodePort: 30001 }),
      ruleOf('bb:', endpoints, { affinitySeconds: 60 }),
      ruleOf('ccc:', endpoints, { externalIps: ['192.0.2.1'], sourceRanges }),
      ruleOf('dddd:', endpoints, { nodePort: 30002, externalLocal: true, external: endpoints }),
    );
    const withSets = [...program.chains].filter(([, { rules }]) => rules.some((rule) => rule.includes('{ 0 :')));
    assert.equal(withSets.length, 5);
    for (const [name, { rules }] of withSets) assert.doesNotMatch(rules.at(-1) ?? '{', /\{/, name);
    const others = [...program.chains.values()].filter((chain) => !withSets.some(([, one]) => one === chain));
    for (const { rules } of others)
      for (const rule of rules) assert.doesNotMatch(rule.replace(/^update @.*/, ''), /\{/);
  });
});
