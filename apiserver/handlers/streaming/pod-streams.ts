/** `log`, `exec`, `attach` and `portforward` of pods: checked here, done by the kubelet of the pod's node. */

import type { KubernetesObject } from '../../../api/object.ts';
import { pods } from '../../../api/resources/core.ts';
import { badRequest, notFound } from '../../../api/status-error.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import { FieldErrors, FieldPath, invalidObject } from '../../../machinery/field-errors.ts';
import { canonicalTime, TimeError } from '../../../machinery/schema/time.ts';
import type { AdmissionChain } from '../../registry/admission.ts';
import type { ObjectReader } from '../../registry/object-reader.ts';
import type { Target } from '../../registry/target.ts';
import type { ApiRequest } from '../../request/api-request.ts';
import { booleanParameter, integerParameter } from '../../request/query.ts';
import { wantsWebSocket } from '../../request/websocket.ts';
import { anyType, objectTypes } from '../../responses/negotiation.ts';
import { writeHead } from '../../responses/responses.ts';
import type { ResourceServers, Serve } from '../resource-server.ts';
import { admitConnection, type CommandOptions, commandOptions, type PortForwardOptions } from './connect.ts';
import { forward, type Receiver } from './forward.ts';
import { anyPod, createGoneLogs } from './gone-logs.ts';
import type { Kubelets } from './kubelets.ts';
import { sendOverWebSocket } from './websocket-answer.ts';

type ReadPod = DeepReadonly<Pod>;

export interface StreamParts {
  readonly objects: ObjectReader;
  readonly admission: AdmissionChain;
  readonly kubelets: Kubelets;
}

export function createPodStreams({
  objects,
  admission,
  kubelets,
}: StreamParts): Pick<ResourceServers, 'log' | 'exec' | 'attach' | 'portForward'> {
  const goneLogs = createGoneLogs({ objects, kubelets });

  async function findPod(target: Target): Promise<ReadPod> {
    const pod = await objects.find(pods, target);
    if (pod === undefined) throw notFound(pods, target.name);
    return pod;
  }

  async function toKubelet(request: ApiRequest, nodeName: string, path: string, receive?: Receiver): Promise<void> {
    const { host, port } = await kubelets.addressOf(nodeName);
    await forward(request, { secure: true, host, port, path, agent: kubelets.agent }, receive);
  }

  /** A WebSocket opens with a GET, but who may only read must not get in. */
  async function admitStream<T extends KubernetesObject>(request: ApiRequest, target: Target, asked: T): Promise<T> {
    const options = await admitConnection(admission, request, { target, options: asked });
    await request.authorizeAlso('create');
    return options;
  }

  /** exec and attach. */
  const command =
    (action: 'exec' | 'attach', kind: Parameters<typeof commandOptions>[0]): Serve =>
    async (request, target) => {
      const asked = commandOptions(kind, request.query);
      const options = await admitStream(request, target, asked);
      const pod = await findPod(target);
      const container = chooseContainer(pod, options.container ?? '');
      const nodeName = assignedNode(pod);
      const path = `/${action}/${target.namespace}/${target.name}/${container}`;
      await toKubelet(request, nodeName, withQuery(path, kubeletOptions(options)));
    };

  async function forwardPorts(request: ApiRequest, target: Target): Promise<void> {
    const asked: PortForwardOptions = {
      kind: 'PodPortForwardOptions',
      apiVersion: 'v1',
      ports: portsOf(request.query),
    };
    const { ports = [] } = await admitStream(request, target, asked);
    const pod = await findPod(target);
    const query = new URLSearchParams(ports.map((port): [string, string] => ['port', String(port)]));
    const path = `/portForward/${target.namespace}/${target.name}`;
    await toKubelet(request, assignedNode(pod), withQuery(path, query));
  }

  async function readLog(request: ApiRequest, target: Target): Promise<void> {
    checkLogOptions(request.query, target.name);
    if (booleanParameter(request.query, 'gone') === true) return await readGoneLog(request, target);
    const pod = await findPod(target);
    const container = chooseContainer(pod, request.query.get('container') ?? '');
    if (!pod.spec?.nodeName) {
      writeHead(request, 204, {});
      request.outgoing.end();
      return;
    }
    const query = logOptions(request.query);
    const path = `/containerLogs/${target.namespace}/${target.name}/${container}`;
    const receive = wantsWebSocket(request) ? sendOverWebSocket : undefined;
    await toKubelet(request, pod.spec.nodeName, withQuery(path, query), receive);
  }

  async function readGoneLog(request: ApiRequest, target: Target): Promise<void> {
    if (target.name === anyPod) return await goneLogs.list(request, target);
    const { nodeName, path } = await goneLogs.placeOf(request, target);
    const query = logOptions(request.query);
    for (const name of ['gone', 'node', 'uid']) query.delete(name);
    await toKubelet(request, nodeName, withQuery(path, query));
  }

  return {
    exec: { connect: command('exec', 'PodExecOptions'), mediaTypes: anyType },
    attach: { connect: command('attach', 'PodAttachOptions'), mediaTypes: anyType },
    portForward: { connect: forwardPorts, mediaTypes: anyType },
    log: { get: readLog, mediaTypes: ['text/plain', ...objectTypes] },
  };
}

const withQuery = (path: string, query: URLSearchParams): string => (query.size === 0 ? path : `${path}?${query}`);

/** The kubelet's own names for what is asked. */
function kubeletOptions({ stdin, stdout, stderr, tty, command = [] }: CommandOptions): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, isWanted] of Object.entries({ input: stdin, output: stdout, error: stderr, tty })) {
    if (isWanted) query.set(name, '1');
  }
  for (const word of command) query.append('command', word);
  return query;
}

/** Without the container, which the path names; what is true in any of its spellings says `true`. */
function logOptions(query: URLSearchParams): URLSearchParams {
  const options = new URLSearchParams(query);
  options.delete('container');
  for (const name of ['follow', 'previous', 'timestamps', 'insecureSkipTLSVerifyBackend']) {
    const value = booleanParameter(query, name);
    if (value !== undefined) options.set(name, String(value));
  }
  return options;
}

function assignedNode({ spec, metadata }: ReadPod): string {
  if (!spec?.nodeName) throw badRequest(`pod ${metadata?.name} does not have a host assigned`);
  return spec.nodeName;
}

const defaultContainer = 'kubectl.kubernetes.io/default-container';

function chooseContainer({ spec, metadata }: ReadPod, wanted: string): string {
  const names = [
    ...(spec?.initContainers ?? []),
    ...(spec?.containers ?? []),
    ...(spec?.ephemeralContainers ?? []),
  ].map(({ name }) => name);
  if (wanted !== '') {
    if (!names.includes(wanted)) throw badRequest(`container ${wanted} is not valid for pod ${metadata?.name}`);
    return wanted;
  }
  const [first, ...others] = spec?.containers ?? [];
  const marked = metadata?.annotations?.[defaultContainer];
  if (marked !== undefined && names.includes(marked)) return marked;
  if (first !== undefined && others.length === 0) return first.name;
  const init = (spec?.initContainers ?? []).map(({ name }) => name);
  const main = (spec?.containers ?? []).map(({ name }) => name);
  throw badRequest(
    `a container name must be specified for pod ${metadata?.name}, choose one of: [${[...init, ...main].join(' ')}]`,
  );
}

function portsOf(query: URLSearchParams): number[] {
  const texts = query.getAll('ports').flatMap((value) => value.split(','));
  return texts.map((text) => {
    if (/^\d+$/.test(text)) return Number(text);
    throw badRequest(`cannot convert to []int32: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`);
  });
}

function checkLogOptions(query: URLSearchParams, podName: string): void {
  const tailLines = integerParameter(query, 'tailLines');
  const sinceSeconds = integerParameter(query, 'sinceSeconds');
  const limitBytes = integerParameter(query, 'limitBytes');
  const sinceTime = query.get('sinceTime') ?? undefined;
  if (sinceTime !== undefined) checkTime(sinceTime);
  const errors = new FieldErrors();
  if (tailLines !== undefined && tailLines < 0)
    errors.invalid(FieldPath.of('tailLines'), tailLines, 'must be greater than or equal to 0');
  if (limitBytes !== undefined && limitBytes < 1)
    errors.invalid(FieldPath.of('limitBytes'), limitBytes, 'must be greater than 0');
  if (sinceSeconds !== undefined && sinceTime !== undefined) {
    errors.forbidden(FieldPath.of('[]'), 'at most one of `sinceTime` or `sinceSeconds` may be specified');
  } else if (sinceSeconds !== undefined && sinceSeconds < 1) {
    errors.invalid(FieldPath.of('sinceSeconds'), sinceSeconds, 'must be greater than 0');
  }
  const stream = query.get('stream') ?? 'All';
  if (stream !== 'All' && stream !== '') errors.forbidden(FieldPath.of('stream'), 'may not be specified');
  if (!errors.empty) throw invalidObject({ group: '', kind: 'PodLogOptions' }, podName, errors.list);
}

function checkTime(text: string): void {
  try {
    canonicalTime(text);
  } catch (error) {
    if (error instanceof TimeError) throw badRequest(error.message);
    throw error;
  }
}
