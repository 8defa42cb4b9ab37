/** `/containerLogs/NAMESPACE/POD/CONTAINER`: what a container wrote, as it asked for or as it comes. */

import type { ServerResponse } from 'node:http';
import { badRequest } from '../../api/status-error.ts';
import { parseTime } from '../../api/time.ts';
import type { Clock } from '../../base/clock.ts';
import { cutText } from '../../base/cut-text.ts';
import { untilDrained } from '../../base/until-drained.ts';
import { attemptsOf, containerOf, type PodObject, statusOf } from '../model/pod.ts';
import type { ObservedPods } from '../pods/observed-pods.ts';
import type { ContainerState, LogOptions, StreamRuntime } from '../runtime/runtime.ts';
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
  readonly clock: Clock;
}

export async function sendLogs(response: ServerResponse, request: LogRequest): Promise<void> {
  const { query, runtime, clock } = request;
  const options = readOptions(query, clock.now());
  const limit = numberOf(query, 'limitBytes') ?? Number.POSITIVE_INFINITY;
  const state = findAttempt(request);
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
  response.flushHeaders();
  let sent = 0;
  for await (const chunk of runtime.logs(state.id, options, gone.signal)) {
    const part = cutText(chunk, limit - sent);
    sent += chunk.length;
    if (!response.write(part)) await untilDrained(response, gone.signal);
    if (sent >= limit || gone.signal.aborted) break;
  }
  response.end();
}

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

/** The attempt whose log is asked for; upstream's words where there is none. */
function findAttempt({ pod, container: name, query, observed, workers }: LogRequest): ContainerState {
  const podName = pod.metadata.name;
  if (containerOf(pod, name) === undefined) throw badRequest(`container ${name} is not valid for pod ${podName}`);
  const attempts = attemptsOf(observed.get(pod.metadata.uid), name).filter(({ status }) => status.type !== 'created');
  const [newest] = attempts;
  if (isTrue(query, 'previous')) {
    const waits = workers.get(pod.metadata.uid)?.waitingReasonOf(name) === 'CrashLoopBackOff';
    const previous = newest?.status.type === 'exited' && waits ? newest : attempts[1];
    if (previous !== undefined) return previous;
    throw badRequest(`previous terminated container "${name}" in pod "${podName}" not found`);
  }
  if (newest !== undefined) return newest;
  if (hasEnded(pod, name))
    throw badRequest(`container "${name}" in pod "${podName}" ended and was removed with its log`);
  const waiting = workers.get(pod.metadata.uid)?.waitingReasonOf(name) ?? waitingInStatus(pod, name);
  throw badRequest(`container "${name}" in pod "${podName}" is waiting to start: ${explain(waiting)}`);
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
