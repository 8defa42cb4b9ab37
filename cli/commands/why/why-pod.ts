/** Why a pod waits or fails: what the server says of it, its claims, its warnings, and its last log lines. */

import { isRecord } from '../../../api/json-record.ts';
import type { Stored } from '../../../api/object.ts';
import { type Cause, explainPod, type PodExplanation } from '../../../api/pod-explanation.ts';
import { persistentVolumeClaims, pods } from '../../../api/resources/core.ts';
import { StatusError } from '../../../api/status-error.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import type { Client } from '../../../client/client.ts';
import { ifPresent } from '../../../client/if-present.ts';
import { objectPath, queryString } from '../../../client/resource-path.ts';
import type { Finding } from './finding.ts';
import { addWhatEventsTell } from './told-by-events.ts';
import { renderWarnings, warningEventsOf } from './warnings.ts';

export interface WhyOptions {
  readonly tailLines: number;
  readonly signal: AbortSignal;
}

export async function whyPod(client: Client, pod: Stored<Pod>, options: WhyOptions): Promise<Finding> {
  const { causes, scheduling, phase } = await explanationOf(client, pod);
  const known = [...causes, ...(await claimsOf(client, pod))];
  const warnings = known.length === 0 ? [] : await warningEventsOf(client, pods, pod);
  const all = addWhatEventsTell(known, warnings);
  return {
    ...{ title: `pod/${pod.metadata.name}`, namespace: pod.metadata.namespace, state: stateOf(pod, phase, all) },
    causes: all,
    scheduling,
    events: renderWarnings(warnings, Date.now()),
    logs: await logsOf(client, pod, { causes: all, ...options }),
  };
}

function stateOf({ metadata }: Stored<Pod>, phase: string, causes: readonly Cause[]): string {
  const state = metadata.deletionTimestamp === undefined ? phase : `${phase}, being deleted`;
  return causes.length === 0 ? `${state}; nothing is wrong with it` : state;
}

/** From a server that has none, or may not tell us, from the pod itself. */
async function explanationOf(client: Client, pod: Stored<Pod>): Promise<PodExplanation> {
  const { namespace = '', name } = pod.metadata;
  try {
    const { text } = await client.raw('GET', objectPath(pods, { namespace, name }, 'why'));
    const answer: unknown = JSON.parse(text);
    if (isExplanation(answer)) return answer;
  } catch (error) {
    if (!(error instanceof StatusError || error instanceof SyntaxError)) throw error;
  }
  return explainPod(pod);
}

const isExplanation = (value: unknown): value is PodExplanation =>
  isRecord(value) && value.kind === 'PodExplanation' && Array.isArray(value.causes);

/** Claims that a waiting pod names and that are not there, or not bound. */
async function claimsOf(client: Client, { metadata, spec, status }: Stored<Pod>): Promise<readonly Cause[]> {
  const { namespace = '' } = metadata;
  if (status?.phase !== 'Pending') return [];
  const causes: Cause[] = [];
  for (const { persistentVolumeClaim, ephemeral, name } of spec?.volumes ?? []) {
    const claim = persistentVolumeClaim?.claimName ?? (ephemeral && `${metadata.name}-${name}`);
    if (claim === undefined) continue;
    const found = await ifPresent(client.get(persistentVolumeClaims, { namespace, name: claim }));
    const phase = found?.status?.phase ?? 'Pending';
    if (found === undefined)
      causes.push({ type: 'volume', message: `The claim ${claim} of its volume ${name} does not exist.` });
    else if (phase !== 'Bound')
      causes.push({
        type: 'volume',
        message: `The claim ${claim} of its volume ${name} is ${phase}: see kubecfg why pvc/${claim}`,
      });
  }
  return causes;
}

interface LogOptions extends WhyOptions {
  readonly causes: readonly Cause[];
}

async function logsOf(client: Client, pod: Stored<Pod>, { causes, tailLines, signal }: LogOptions) {
  const logs: { container: string; lines: string[] }[] = [];
  const { namespace = '', name } = pod.metadata;
  for (const { type, container, previous } of causes) {
    if (container === undefined || (type !== 'crash' && type !== 'probe') || tailLines === 0) continue;
    const query = queryString({ container, tailLines, ...(previous && { previous: true }) });
    const lines = await linesOf(client, objectPath(pods, { namespace, name }, 'log') + query, signal);
    if (lines.length > 0) logs.push({ container, lines });
  }
  return logs;
}

/** A log that cannot be had is no reason to say nothing of the rest. */
async function linesOf(client: Client, path: string, signal: AbortSignal): Promise<string[]> {
  try {
    let text = '';
    for await (const chunk of await client.stream(path, signal)) text += String(chunk);
    return text.split('\n').filter((line) => line !== '');
  } catch (error) {
    if (signal.aborted) throw error;
    return [];
  }
}
