/**
 * The `proxy` subresource of pods, services and nodes: HTTP through the API server. A name may carry scheme and port:
 * `web`, `web:8080`, `https:web:8443`.
 */

import type { KubernetesObject, ObjectKey, Stored } from '../../../api/object.ts';
import type { Resource } from '../../../api/resource.ts';
import { nodes, pods, services } from '../../../api/resources/core.ts';
import { isForeignAddress } from '../../../api/special-ip.ts';
import { badRequest, notFound } from '../../../api/status-error.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { Target } from '../../registry/target.ts';
import type { ApiRequest } from '../../request/api-request.ts';
import { anyType } from '../../responses/negotiation.ts';
import { writeHead } from '../../responses/responses.ts';
import { endpointOf, mayBeForeign, type Place } from '../../services/service-place.ts';
import type { ResourceServers } from '../resource-server.ts';
import { admitConnection, type ProxyOptions, proxyOptions } from './connect.ts';
import type { StreamParts } from './pod-streams.ts';
import { WebProxy, type WebTarget } from './web-proxy.ts';

interface ProxyName {
  readonly scheme: 'http' | 'https';
  readonly name: string;
  /** A number, or a Service port's name; empty: not said. */
  readonly port: string;
}

export function createProxies({
  objects,
  admission,
  kubelets,
}: StreamParts): Pick<ResourceServers, 'podProxy' | 'serviceProxy' | 'nodeProxy'> {
  const proxy = new WebProxy();
  async function find<T extends KubernetesObject>(
    resource: Resource<T>,
    key: ObjectKey,
  ): Promise<DeepReadonly<Stored<T>>> {
    const found = await objects.find(resource, key);
    if (found === undefined) throw notFound(resource, key.name);
    return found;
  }
  const admit = (request: ApiRequest, target: Target): Promise<ProxyOptions> =>
    admitConnection(admission, request, { target, options: proxyOptions(target, request) });

  /** Of pods and services only where they lead to differs. */
  const serverOf = (what: string, placeOf: (asked: ProxyName, target: Target) => Promise<Place>) => ({
    mediaTypes: anyType,
    async connect(request: ApiRequest, target: Target): Promise<void> {
      const options = await admit(request, target);
      const asked = parseName(target.name, what);
      const place = await placeOf(asked, target);
      if (redirectToFolder(request)) return;
      await proxy.pass(request, { secure: asked.scheme === 'https', ...place, ...pathsOf(request, options) });
    },
  });

  return {
    podProxy: serverOf('pod', async ({ name, port }, { namespace }) =>
      podPlace(await find(pods, { namespace, name }), port),
    ),

    serviceProxy: serverOf('service', async ({ name, port }, { namespace }) => {
      const key = { namespace, name };
      return await endpointOf(objects, await find(services, key), key, port);
    }),

    nodeProxy: {
      mediaTypes: anyType,
      async connect(request, target) {
        const options = await admit(request, target);
        const { scheme, name, port } = parseName(target.name, 'node');
        const kubelet = await kubelets.addressOf(name, nodes);
        const isKubelet = port === '' || port === String(kubelet.port);
        if (!isKubelet && !mayBeForeign(kubelet.host)) throw badRequest('address not allowed');
        if (redirectToFolder(request)) return;
        const way = isKubelet
          ? { ...kubelet, secure: true, agent: kubelets.agent }
          : { host: kubelet.host, port: portNumber(port), secure: scheme === 'https' };
        await proxy.pass(request, { ...way, ...pathsOf(request, options) });
      },
    },
  };
}

function parseName(text: string, what: string): ProxyName {
  const parts = text.split(':');
  const refuse = () => badRequest(`invalid ${what} request ${JSON.stringify(text)}`);
  if (parts.length === 1) return { scheme: 'http', name: text, port: '' };
  if (parts.length === 2) return { scheme: 'http', name: parts[0] ?? '', port: parts[1] ?? '' };
  const [scheme = '', name = '', port = ''] = parts;
  if (parts.length > 3 || (scheme !== 'http' && scheme !== 'https' && scheme !== '')) throw refuse();
  return { scheme: scheme === 'https' ? 'https' : 'http', name, port };
}

function portNumber(text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > 65_535)
    throw badRequest(`invalid port ${JSON.stringify(text)}: must be between 1 and 65535`);
  return number;
}

/** The pod's own address, and without a port the first that a container has declared. */
function podPlace({ spec, status }: DeepReadonly<Pod>, port: string): Place {
  const declared = (spec?.containers ?? []).flatMap(({ ports = [] }) => ports);
  const number = port === '' ? (declared[0]?.containerPort ?? 80) : portNumber(port);
  const host = status?.podIP ?? '';
  if (!isForeignAddress(host)) throw badRequest('address not allowed');
  return { host, port: number };
}

/** A page at `…/proxy` would resolve its relative links one folder too high. */
function redirectToFolder(request: ApiRequest): boolean {
  const { info, outgoing } = request;
  if (!info.isResource || info.rest !== undefined || !/^(GET|HEAD)$/.test(request.method)) return false;
  const query = request.rawQuery === '' ? '' : `?${request.rawQuery}`;
  writeHead(request, 301, { location: `${info.path}/${query}` });
  outgoing.end();
  return true;
}

/** What the other side is asked for, and where its root is for the client. */
function pathsOf(request: ApiRequest, { path = '' }: ProxyOptions): Pick<WebTarget, 'path' | 'prefix'> {
  const { info, rawQuery } = request;
  const asked = info.isResource && info.rest ? `/${info.rest}` : '';
  const own = info.path.replace(/\/$/, '');
  const prefix = own.slice(0, own.length - asked.length);
  const query = rawQuery === '' ? '' : `?${rawQuery}`;
  return { path: `${encodePath(path === '' ? '/' : path)}${query}`, prefix: encodePath(prefix) };
}

/** What was a question mark in the path must not begin a query. */
const encodePath = (path: string): string => encodeURI(path).replace(/[?#]/g, encodeURIComponent);
