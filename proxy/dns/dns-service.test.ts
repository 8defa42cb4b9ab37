import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addressesOfNodeDns } from './dns-service.ts';
import { service, slice } from './testing/questions.ts';

const key = 'kube-system/kube-dns';
const spec = { clusterIP: '10.96.0.10', clusterIPs: ['10.96.0.10', 'fd00::a'] };

describe('addressesOfNodeDns', () => {
  it('are the cluster IPs of a Service that nobody else serves', () => {
    assert.deepEqual(addressesOfNodeDns(service(key, spec), []), ['10.96.0.10']);
    assert.deepEqual(addressesOfNodeDns(service(key, spec), [slice(key, [])]), ['10.96.0.10']);
  });

  it('are none where there is no such Service', () => assert.deepEqual(addressesOfNodeDns(undefined, []), []));

  it('are none where it leads elsewhere', () => {
    const selecting = service(key, { ...spec, selector: { 'k8s-app': 'kube-dns' } });
    assert.deepEqual(addressesOfNodeDns(selecting, []), []);
    assert.deepEqual(addressesOfNodeDns(service(key, spec), [slice(key, [{ addresses: ['10.244.0.5'] }])]), []);
    assert.deepEqual(addressesOfNodeDns(service(key, { type: 'ExternalName', externalName: 'dns.example' }), []), []);
  });
});
