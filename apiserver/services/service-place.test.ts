import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isSameResource } from '../../api/resource.ts';
import { services } from '../../api/resources/core.ts';
import { StatusError } from '../../api/status-error.ts';
import type { ServiceSpec } from '../../api/types/core/v1.ts';
import type { ObjectReader } from '../registry/object-reader.ts';
import { placeOfService } from './service-place.ts';

const metadata = { name: 'hook', namespace: 'a', uid: 'u', resourceVersion: '1', creationTimestamp: '' };

/** The Service `hook` of namespace `a`, with these addresses behind its port 443, which is 8443 there. */
function reader(spec: ServiceSpec | undefined, addresses: readonly string[], isReady = true): ObjectReader {
  const slice = {
    metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'hook' } },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8443 }],
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: isReady } })),
  };
  // As the controller leaves one of a Service without pods.
  const empty = { ...slice, ports: null, endpoints: null };
  const objects = addresses.length === 0 ? [empty] : [empty, slice];
  return {
    // biome-ignore lint/suspicious/noExplicitAny: what is asked for is what there is
    find: async (resource): Promise<any> =>
      isSameResource(resource, services) && spec !== undefined ? { metadata, spec } : undefined,
    // biome-ignore lint/suspicious/noExplicitAny: as above
    all: async (): Promise<any> => objects,
  };
}

const cluster: ServiceSpec = { ports: [{ port: 443 }] };

describe('where a Service leads', () => {
  const find = (objects: ObjectReader, port = 443) => placeOfService(objects, { namespace: 'a', name: 'hook' }, port);

  it('is an endpoint that is ready', async () => {
    assert.deepEqual(await find(reader(cluster, ['192.0.2.7'])), { host: '192.0.2.7', port: 8443 });
  });

  it('is the host that an external name stands for', async () => {
    const external = { type: 'ExternalName', externalName: 'hook.example.com' };
    assert.deepEqual(await find(reader(external, [])), { host: 'hook.example.com', port: 443 });
  });

  const own = [
    ...['127.0.0.1', '127.8.9.1', '169.254.169.254', '0.0.0.0', '0.1.2.3', '::1', '::', 'fe80::1'],
    ...['::ffff:127.0.0.1', '::ffff:7f00:1', '64:ff9b::7f00:1', '2002:7f00:1::', '::7f00:1'],
  ];
  for (const address of own)
    it(`never is the server's own host: ${address}`, async () => {
      const why = /^no endpoints available for service "hook"$/;
      const isWhy = (error: unknown) => error instanceof StatusError && why.test(error.message);
      await assert.rejects(find(reader(cluster, [address])), isWhy);
      await assert.rejects(find(reader({ type: 'ExternalName', externalName: address }, [])), isWhy);
    });

  const refusals: readonly (readonly [why: string, objects: ObjectReader, port?: number])[] = [
    ['service "hook" not found', reader(undefined, [])],
    ['no service port 8443 found for service "hook"', reader(cluster, ['192.0.2.7']), 8443],
    ['no endpoints available for service "hook"', reader(cluster, ['192.0.2.7'], false)],
    ['no endpoints available for service "hook"', reader(cluster, [])],
    ['no service port 80 found for service "hook"', reader({ type: 'ExternalName', externalName: 'x' }, []), 80],
  ];
  for (const [why, objects, port] of refusals)
    it(why, async () => {
      await assert.rejects(find(objects, port), (error) => error instanceof StatusError && error.message === why);
    });
});
