/** Whether a retry has succeeded, from the pod before and after. Pure. */

import type { RetriedStep } from '../../../api/pod-retry.ts';
import type { ContainerStatus, Pod } from '../../../api/types/core/v1.ts';

export interface RetryView {
  /** What is tried. */
  readonly steps: readonly RetriedStep[];
  /** Before it was asked for. */
  readonly before: Pod;
  readonly now: Pod;
  /** How long ago it was asked for. */
  readonly sinceMs: number;
  /** Reasons of warnings that came since. */
  readonly warnings: ReadonlyMap<string, string>;
}

export type Outcome =
  | { readonly type: 'going' }
  /** One line for each container. */
  | { readonly type: 'succeeded'; readonly lines: readonly string[] }
  | { readonly type: 'failed'; readonly lines: readonly string[] };

/** After this, a reason to wait that is still the same one has come again: what was between was too short to be seen. */
const sameAgainMs = 8_000;
const underWay: readonly string[] = ['ContainerCreating', 'PodInitializing'];

export function judgeRetry(view: RetryView): Outcome {
  const ofPod = view.steps.filter(({ container }) => container === undefined);
  const failure = ofPod.map(({ reason }) => [reason, view.warnings.get(reason)] as const).find(([, text]) => text);
  if (failure !== undefined) return { type: 'failed', lines: [failure.join(': ')] };
  const verdicts = containersOf(view).map((name) => judgeContainer(name, view));
  const failed = verdicts.filter(({ type }) => type === 'failed');
  if (failed.length > 0) return { type: 'failed', lines: failed.map(({ line }) => line) };
  if (verdicts.some(({ type }) => type === 'going')) return { type: 'going' };
  return { type: 'succeeded', lines: verdicts.map(({ line }) => line) };
}

/** Where it is about the pod as a whole, about all that it runs. */
function containersOf({ steps, now }: RetryView): string[] {
  const named = steps.flatMap(({ container }) => (container === undefined ? [] : [container]));
  const isWhole = steps.length > named.length;
  return [...new Set([...named, ...(isWhole ? (now.spec?.containers ?? []).map(({ name }) => name) : [])])];
}

interface Verdict {
  readonly type: Outcome['type'];
  readonly line: string;
}

function judgeContainer(name: string, { before, now, sinceMs }: RetryView): Verdict {
  const [old, status] = [statusOf(before, name), statusOf(now, name)];
  const going: Verdict = { type: 'going', line: '' };
  const { running, terminated, waiting } = status?.state ?? {};
  if (running !== undefined) {
    const isNew = old?.state?.running === undefined || old.containerID !== status?.containerID;
    return isNew ? { type: 'succeeded', line: `container ${name} has started` } : going;
  }
  const end = terminated ?? status?.lastState?.terminated;
  if (end !== undefined && !endsOf(old).includes(end.containerID ?? '')) {
    const line = `container ${name} has started and ended with exit code ${end.exitCode} (${end.reason ?? 'Error'})`;
    return { type: end.exitCode === 0 ? 'succeeded' : 'failed', line };
  }
  if (waiting === undefined || underWay.includes(waiting.reason ?? '') || waiting.reason === 'CrashLoopBackOff')
    return going;
  const was = old?.state?.waiting;
  const isSame = was?.reason === waiting.reason && was?.message === waiting.message;
  if (isSame && sinceMs < sameAgainMs) return going;
  return { type: 'failed', line: `container ${name}: ${waiting.reason}: ${waiting.message ?? ''}` };
}

/** Containers of it that had ended. */
const endsOf = (status: ContainerStatus | undefined): string[] =>
  [status?.state, status?.lastState].flatMap((state) => state?.terminated?.containerID ?? []);

function statusOf({ status }: Pod, name: string): ContainerStatus | undefined {
  const { initContainerStatuses = [], containerStatuses = [], ephemeralContainerStatuses = [] } = status ?? {};
  return [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses].find(
    (one) => one.name === name,
  );
}
