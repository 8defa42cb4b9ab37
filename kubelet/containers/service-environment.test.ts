import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ServicePort } from '../../api/types/core/v1.ts';
import { computeServiceEnvironment } from './service-environment.ts';

const service = (name: string, clusterIP: string | undefined, ports: ServicePort[], namespace = 'shop') => ({
  metadata: { namespace, name },
  spec: { ...(clusterIP !== undefined && { clusterIP }), ports },
});
const api = service('kubernetes', '10.96.0.1', [{ name: 'https', port: 443 }], 'default');
const compute = (services: ReturnType<typeof service>[], namespace = 'shop', enableServiceLinks = true) =>
  Object.fromEntries(computeServiceEnvironment(services, { namespace, enableServiceLinks }));

const ofApi = {
  KUBERNETES_SERVICE_HOST: '10.96.0.1',
  KUBERNETES_SERVICE_PORT: '443',
  KUBERNETES_SERVICE_PORT_HTTPS: '443',
  KUBERNETES_PORT: 'tcp://10.96.0.1:443',
  KUBERNETES_PORT_443_TCP: 'tcp://10.96.0.1:443',
  KUBERNETES_PORT_443_TCP_PROTO: 'tcp',
  KUBERNETES_PORT_443_TCP_PORT: '443',
  KUBERNETES_PORT_443_TCP_ADDR: '10.96.0.1',
};

describe('computeServiceEnvironment', () => {
  it('has the API server’s service everywhere', () => assert.deepEqual(compute([api]), ofApi));

  it('names each port of the services beside the pod, the first one without its number as well', () => {
    const dns = service('my-dns', '10.96.0.10', [
      { name: 'dns', port: 53, protocol: 'UDP' },
      { name: 'dns-tcp', port: 53, protocol: 'TCP' },
    ]);
    assert.deepEqual(compute([dns]), {
      MY_DNS_SERVICE_HOST: '10.96.0.10',
      MY_DNS_SERVICE_PORT: '53',
      MY_DNS_SERVICE_PORT_DNS: '53',
      MY_DNS_SERVICE_PORT_DNS_TCP: '53',
      MY_DNS_PORT: 'udp://10.96.0.10:53',
      MY_DNS_PORT_53_UDP: 'udp://10.96.0.10:53',
      MY_DNS_PORT_53_UDP_PROTO: 'udp',
      MY_DNS_PORT_53_UDP_PORT: '53',
      MY_DNS_PORT_53_UDP_ADDR: '10.96.0.10',
      MY_DNS_PORT_53_TCP: 'tcp://10.96.0.10:53',
      MY_DNS_PORT_53_TCP_PROTO: 'tcp',
      MY_DNS_PORT_53_TCP_PORT: '53',
      MY_DNS_PORT_53_TCP_ADDR: '10.96.0.10',
    });
  });

  it('has no variables for what has no address of its own', () => {
    const none = [
      service('headless', 'None', [{ port: 80 }]),
      service('external', undefined, []),
      service('later', '', [{ port: 80 }]),
    ];
    assert.deepEqual(compute(none), {});
  });

  it('leaves out other namespaces', () => {
    assert.deepEqual(compute([api, service('web', '10.96.0.2', [{ port: 80 }], 'other')]), ofApi);
  });

  it('has the API server’s alone where links are not wanted, also in its own namespace', () => {
    const web = service('web', '10.96.0.2', [{ port: 80 }]);
    assert.deepEqual(compute([api, web], 'shop', false), ofApi);
    assert.deepEqual(compute([api, service('web', '10.96.0.2', [{ port: 80 }], 'default')], 'default', false), ofApi);
  });

  it('prefers a namespace’s own service of the API server’s name, in whatever order they come', () => {
    const own = service('kubernetes', '10.96.0.9', [{ port: 80 }]);
    for (const services of [
      [api, own],
      [own, api],
    ])
      assert.equal(compute(services).KUBERNETES_SERVICE_HOST, '10.96.0.9');
  });
});
