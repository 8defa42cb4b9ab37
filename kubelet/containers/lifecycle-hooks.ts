/** postStart and preStop: what a container wants done right after its start and right before its end. */

import type { LifecycleHandler } from '../../api/types/core/v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { ContainerSpec } from '../model/pod.ts';
import { askExec, askHttp, askTcp, resolvePort } from '../probes/handlers.ts';
import type { StreamRuntime } from '../runtime/runtime.ts';

export interface HookInput {
  readonly container: ContainerSpec;
  readonly containerId: string;
  readonly podIp: string;
  readonly timeoutMs: number;
  /** Nobody waits for it any more: it has failed. */
  readonly signal?: AbortSignal | undefined;
}

export interface HookDependencies {
  readonly runtime: Pick<StreamRuntime, 'exec'>;
  readonly clock: Clock;
  readonly userAgent: string;
}

/** Whether the hook did its work within the time. */
export async function runHook(
  handler: DeepReadonly<LifecycleHandler>,
  input: HookInput,
  dependencies: HookDependencies,
): Promise<boolean> {
  const { container, containerId, podIp, timeoutMs, signal } = input;
  const { runtime, clock, userAgent } = dependencies;
  const patience = { timeoutMs, clock, signal };
  try {
    if (handler.exec) {
      const answer = await askExec(runtime, containerId, { command: handler.exec.command ?? [], ...patience });
      return answer.result === 'success';
    }
    if (handler.httpGet) {
      const port = resolvePort(handler.httpGet.port ?? 80, container);
      return (await askHttp({ action: handler.httpGet, podIp, port, ...patience, userAgent })).result !== 'failure';
    }
    if (handler.sleep) await clock.sleep(Math.min(timeoutMs, handler.sleep.seconds * 1000), signal);
    else if (handler.tcpSocket) {
      const port = resolvePort(handler.tcpSocket.port, container);
      return (await askTcp(handler.tcpSocket.host || podIp, port, patience)).result === 'success';
    }
    return signal?.aborted !== true;
  } catch {
    return false; // a hook that cannot even be run has failed; the event says so
  }
}
