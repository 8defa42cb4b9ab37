import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Endpoint } from '../../api/endpoint-choice.ts';
import { serviceRule } from '../../test/support/service-rule.ts';
import type { ServiceRule } from '../services/rules.ts';
import { computeProgram } from '../services/service-program.ts';
import { computeChanges, computeTakeover } from './nft-transaction.ts';

const options = { clusterCidr: '10.244.0.0/16' };
const endpoint = (index: number): Endpoint => ({ address: `10.244.1.${index}`, port: 8080 });

function ruleOf(name: string, endpoints: Endpoint[], more: Partial<ServiceRule> = {}): ServiceRule {
  return serviceRule(endpoints, { name, clusterIp: `10.96.0.${name.length}`, ...more });
}

const programOf = (...services: ServiceRule[]) => computeProgram({ services, localAddresses: [] }, options);
const web = ruleOf('shop/web:', [endpoint(1), endpoint(2)]);

describe('computeChanges', () => {
  it('is empty when nothing changed', () => {
    assert.equal(computeChanges(programOf(web), programOf(web)), '');
  });

  it('touches only the chain of the service whose endpoints changed', () => {
    const other = ruleOf('shop/others:', [endpoint(9)]);
    const after = { ...web, internal: [endpoint(3)], external: [endpoint(3)], anywhere: [endpoint(3)] };
    const lines = computeChanges(programOf(web, other), programOf(after, other)).trim().split('\n');
    const chain = /^add chain ip longshore (svc-\w+) /.exec(lines[0] ?? '')?.[1];
    assert.deepEqual(lines, [
      `add chain ip longshore ${chain} { comment "shop/web:"; }`,
      `flush chain ip longshore ${chain}`,
      `add rule ip longshore ${chain} meta l4proto tcp dnat to 10.244.1.3:8080`,
    ]);
  });

  it('makes chains before they are named, and removes them after nothing names them', () => {
    const added = computeChanges(programOf(), programOf(web));
    assert.ok(added.indexOf('add chain') < added.indexOf('add element ip longshore services'));
    const removed = computeChanges(programOf(web), programOf());
    assert.ok(removed.indexOf('delete element ip longshore services') < removed.indexOf('delete chain'));
    assert.match(removed, /flush chain ip longshore svc-\w+\ndelete chain ip longshore svc-\w+\n/);
  });

  it('removes the sets of remembered clients with their endpoint, and keeps those of the others', () => {
    const sticky = (...endpoints: Endpoint[]) => ruleOf('shop/web:', endpoints, { affinitySeconds: 60 });
    const changes = computeChanges(programOf(sticky(endpoint(1), endpoint(2))), programOf(sticky(endpoint(1))));
    assert.equal(changes.match(/delete set/g)?.length, 1);
    assert.doesNotMatch(changes, /add set/);
  });
});

describe('computeTakeover', () => {
  it('rewrites what it finds, removes what is not wanted, and keeps what the kernel remembers', () => {
    const program = programOf(ruleOf('shop/web:', [endpoint(1)], { affinitySeconds: 60 }));
    const [kept = ''] = [...program.affinitySets.keys()];
    const text = computeTakeover({ chains: ['svc-old', 'services'], sets: [kept, 'aff-old', 'hairpins'] }, program);
    assert.match(text, /^add table ip longshore\nflush table ip longshore\n/);
    assert.match(text, /delete chain ip longshore svc-old\n/);
    assert.match(text, /delete set ip longshore aff-old\n/);
    assert.doesNotMatch(text, new RegExp(`(add|delete|flush) set ip longshore ${kept}\\b`));
    assert.doesNotMatch(text, /delete chain ip longshore services\n/);
  });
});
