import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseRequestInfo } from '../request/request-info.ts';
import { classOf, InFlightLimits } from './in-flight-limits.ts';

const small = { maxReads: 4, maxWrites: 4, maxHeartbeats: 2 };

describe('in-flight limits', () => {
  it('leave seats for others when one client is greedy', () => {
    const limits = new InFlightLimits(small);
    for (let seat = 0; seat < 3; seat += 1) limits.enter('read', 'greedy');
    assert.throws(() => limits.enter('read', 'greedy'), { name: 'StatusError' });
    limits.enter('read', 'modest');
  });

  it('keep heartbeats apart from everything else', () => {
    const limits = new InFlightLimits(small);
    for (let seat = 0; seat < 4; seat += 1) limits.enter('write', `client ${seat}`);
    assert.throws(() => limits.enter('write', 'another'), { name: 'StatusError' });
    limits.enter('heartbeat', 'node');
  });

  it('take a seat back once', () => {
    const limits = new InFlightLimits(small);
    const leave = limits.enter('write', 'a');
    leave();
    leave();
    assert.equal(limits.inFlight.write, 0);
  });

  const classes: Record<string, string> = {
    '/version': 'exempt',
    '/api/v1/namespaces/a/pods/b/log': 'exempt',
    '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n': 'heartbeat',
    '/api/v1/nodes/n/status': 'heartbeat',
    '/api/v1/pods': 'write',
    '/apis/example.dev/v1/nodes/n/status': 'write',
    '/apis/example.dev/v1/leases/n': 'write',
  };
  for (const [path, expected] of Object.entries(classes)) {
    it(`sees ${path} as ${expected}`, () => assert.equal(classOf(parseRequestInfo('PATCH', path)), expected));
  }
});
