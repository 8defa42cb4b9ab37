import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planStatus } from './status-plan.ts';

describe('the status of an Ingress', () => {
  const ports = [
    { port: 80, protocol: 'TCP' },
    { port: 443, protocol: 'TCP' },
  ];
  const taken = ports.map((port) => ({ ...port, error: 'longshore.dev/PortUnavailable' }));
  const own = '10.0.0.1';
  const readyAddresses = new Set([own, '10.0.0.2']);
  const plan = (present: Parameters<typeof planStatus>[0]['present'], some = ports) =>
    planStatus({ present, own, ports: some, readyAddresses });

  it('gets the address', () => assert.deepEqual(plan([]), [{ ip: own, ports }]));
  it('stays as it is', () => assert.equal(plan([{ ip: own, ports }]), undefined));
  it('keeps what other nodes say that are ready', () =>
    assert.deepEqual(plan([{ ip: '10.0.0.2' }]), [{ ip: own, ports }, { ip: '10.0.0.2' }]));
  it('loses the address of a node that is gone', () =>
    assert.deepEqual(plan([{ ip: '10.0.0.3' }, { ip: own, ports }]), [{ ip: own, ports }]));
  it('loses the address at the end', () => assert.deepEqual(plan([{ ip: own, ports }], []), []));
  it('tells of a port that cannot be had', () => {
    const one = [...ports.slice(0, 1), ...taken.slice(1)];
    assert.deepEqual(plan([], one), [{ ip: own, ports: one }]);
  });
  it('has no address where no port can be had', () => assert.deepEqual(plan([{ ip: own, ports }], taken), []));
});
