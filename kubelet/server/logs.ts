/** `/containerLogs/NAMESPACE/POD/CONTAINER`: what a container wrote, as it asked for or as it comes. */

import type { ServerResponse } from 'node:http';
import { badRequest } from '../../api/status-error.ts';
import { parseTime } from '../../api/time.ts';
import type { Clock } from '../../base/clock.ts';
import { cutText } from '../../base/cut-text.ts';
import { untilDrained } from '../../base/until-drained.ts';
import type { KeptLogs } from '../kept-logs/kept-logs.ts';
import type { KeptLog } from '../kept-logs/log-budget.ts';
import { attemptsOf, containerOf, type PodObject, statusOf } from '../model/pod.ts';
import type { ObservedPods } from '../pods/observed-pods.ts';
import type { LogOptions, StreamRuntime } from '../runtime/runtime.ts';
import { TextError } from './text-error.ts';

/** Of the workers of pods: why a container waits. */
export interface WaitingReasons {
  get(podUid: string): { waitingReasonOf(container: string): string | undefined } | undefined;
}

export interface LogRequest {
  readonly pod: PodObject;
  readonly container: string;
  readonly query: URLSearchParams;
  readonly runtime: Pick<StreamRuntime, 'logs'>;
  readonly observed: Pick<ObservedPods, 'get'>;
  readonly workers: WaitingReasons;
  readonly keptLogs: Pick<KeptLogs, 'logsOf' | 'read'>;
  readonly clock: Clock;
}

export async function sendLogs(response: ServerResponse, request: LogRequest): Promise<void> {
  const { query, runtime, keptLogs, clock } = request;
  const options = readOptions(query, clock.now());
  const found = findAttempt(request);
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const chunks =
    found.type === 'kept'
      ? await keptLogs.read(request.pod.metadata.uid, found.log, options)
      : runtime.logs(found.id, options, gone.signal);
  await sendText(response, { chunks, limit: limitOf(query), signal: gone.signal });
}

export interface GoneLogRequest {
  readonly query: URLSearchParams;
  readonly podUid: string;
  readonly log: KeptLog;
  readonly keptLogs: Pick<KeptLogs, 'read'>;
  readonly clock: Clock;
}

/** Of a pod that is no longer on this node. */
export async function sendGoneLogs(response: ServerResponse, request: GoneLogRequest): Promise<void> {
  const { query, podUid, log, keptLogs, clock } = request;
  const chunks = await keptLogs.read(podUid, log, readOptions(query, clock.now()));
  await sendText(response, { chunks, limit: limitOf(query), signal: new AbortController().signal });
}

interface LogText {
  readonly chunks: AsyncIterable<Buffer> | Iterable<Buffer>;
  /** In bytes. */
  readonly limit: number;
  readonly signal: AbortSignal;
}

async function sendText(response: ServerResponse, { chunks, limit, signal }: LogText): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
  response.flushHeaders();
  let sent = 0;
  for await (const chunk of chunks) {
    const part = cutText(chunk, limit - sent);
    sent += chunk.length;
    if (!response.write(part)) await untilDrained(response, signal);
    if (sent >= limit || signal.aborted) break;
  }
  response.end();
}

const limitOf = (query: URLSearchParams): number => numberOf(query, 'limitBytes') ?? Number.POSITIVE_INFINITY;

function readOptions(query: URLSearchParams, now: number): LogOptions {
  const sinceSeconds = numberOf(query, 'sinceSeconds');
  const sinceTime = parseTime(query.get('sinceTime'));
  const since = sinceSeconds === undefined ? sinceTime : now - sinceSeconds * 1000;
  const stream = query.get('stream') || 'All';
  if (!['All', 'Stdout', 'Stderr'].includes(stream))
    throw new TextError(400, `invalid stream type ${JSON.stringify(stream)}`);
  return {
    follow: isTrue(query, 'follow'),
    timestamps: isTrue(query, 'timestamps'),
    tailLines: numberOf(query, 'tailLines'),
    ...(since !== undefined && { since: Math.max(0, since) }),
    stdout: stream !== 'Stderr',
    stderr: stream !== 'Stdout',
  };
}

function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^\d+$/.test(text)) throw new TextError(400, '{"message": "Unable to decode query."}');
  return Number(text);
}

const isTrue = (query: URLSearchParams, name: string): boolean => ['true', '1'].includes(query.get(name) ?? '');

/** Where a log is: in the runtime, or, when the container is no longer there, where it was kept. */
type FoundLog = { readonly type: 'runtime'; readonly id: string } | { readonly type: 'kept'; readonly log: KeptLog };

/** The attempt whose log is asked for; upstream's words where there is none. */
function findAttempt({ pod, container: name, query, observed, workers, keptLogs }: LogRequest): FoundLog {
  const podName = pod.metadata.name;
  if (containerOf(pod, name) === undefined) throw badRequest(`container ${name} is not valid for pod ${podName}`);
  const attempts = attemptsOf(observed.get(pod.metadata.uid), name).filter(({ status }) => status.type !== 'created');
  const kept = keptLogs.logsOf(pod.metadata.uid, name);
  const [newest] = attempts;
  const waiting = workers.get(pod.metadata.uid)?.waitingReasonOf(name);
  if (isTrue(query, 'previous')) {
    const isBetween = newest?.status.type === 'exited' && waiting === 'CrashLoopBackOff';
    const previous = isBetween ? newest : attempts[1];
    if (previous !== undefined) return { type: 'runtime', id: previous.id };
    const [log] = kept.filter(({ attempt }) => newest === undefined || attempt < newest.attempt);
    if (log !== undefined) return { type: 'kept', log };
    throw badRequest(`previous terminated container "${name}" in pod "${podName}" not found`);
  }
  if (newest !== undefined) return { type: 'runtime', id: newest.id };
  const [log] = kept;
  if (log !== undefined) return { type: 'kept', log };
  if (hasEnded(pod, name))
    throw badRequest(`container "${name}" in pod "${podName}" ended and was removed with its log`);
  const reason = waiting ?? waitingInStatus(pod, name);
  throw badRequest(`container "${name}" in pod "${podName}" is waiting to start: ${explain(reason)}`);
}

function hasEnded(pod: PodObject, name: string): boolean {
  const container = containerOf(pod, name);
  return container !== undefined && statusOf(pod, container)?.state?.terminated !== undefined;
}

function waitingInStatus({ status }: PodObject, name: string): string {
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return all.find((one) => one.name === name)?.state?.waiting?.reason ?? 'ContainerCreating';
}

function explain(reason: string): string {
  if (reason === 'ErrImagePull' || reason === 'ImagePullBackOff') return 'trying and failing to pull image';
  return reason === 'InvalidImageName' ? 'image name is invalid' : reason;
}
