/** Exec, attach and port-forward: which protocol the caller speaks, and what is at the other end. */

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { badRequest } from '../../api/status-error.ts';
import type { ObservedPods } from '../observed-pods.ts';
import type { PodObject } from '../pod.ts';
import type { Runtime } from '../runtime/runtime.ts';

export interface StreamRequest {
  readonly verb: string;
  readonly pod: PodObject;
  readonly container: string;
  readonly query: URLSearchParams;
  readonly runtime: Runtime;
  readonly observed: ObservedPods;
  readonly nodeIp: string;
}

export async function serveStream(
  _request: IncomingMessage,
  _connection: { readonly socket: Duplex; readonly head: Buffer },
  { verb }: StreamRequest,
): Promise<void> {
  throw badRequest(`the kubelet cannot ${verb}`);
}
