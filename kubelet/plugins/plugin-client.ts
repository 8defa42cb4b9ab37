/** Calls to a plugin on this node by gRPC over its unix socket. Seen only when there is a plugin: the library is large. */

import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { JsonRecord } from '../../api/json-record.ts';
import { systemClock } from '../../base/clock.ts';
import { PluginCallError, type PluginChannel, type PluginMethod } from './plugin-channel.ts';

const channelOptions = {
  // A plugin that is back is found again at once.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
  // What is between here and a socket of this machine is nobody's.
  'grpc.enable_http_proxy': 0,
};

/** `socketPath`: absolute. */
export function openPluginChannel(socketPath: string): PluginChannel {
  const client = new Client(`unix://${socketPath}`, credentials.createInsecure(), {
    ...channelOptions,
    'grpc.default_authority': 'localhost',
  });
  return {
    call: (method, message, timeoutMs) => call(client, method, message, timeoutMs),
    close: () => client.close(),
  };
}

function call(client: Client, method: PluginMethod, message: JsonRecord, timeoutMs: number): Promise<JsonRecord> {
  // gRPC measures it by the system's clock.
  const deadline = systemClock.now() + timeoutMs;
  return new Promise((resolve, reject) => {
    const answered = (error: ServiceError | null, answer?: JsonRecord): void => {
      if (error === null && answer !== undefined) resolve(answer);
      else reject(translate(error));
    };
    const { path, request, response } = method;
    client.makeUnaryRequest(path, request.encode, response.decode, message, new Metadata(), { deadline }, answered);
  });
}

function translate(error: ServiceError | null): PluginCallError {
  const code = error === null ? undefined : status[error.code];
  return new PluginCallError(codeName(code ?? 'UNKNOWN'), error?.details ?? 'no answer', { cause: error });
}

/** `DEADLINE_EXCEEDED` as Go writes it: `DeadlineExceeded`. */
const codeName = (name: string): string =>
  name
    .split('_')
    .map((word) => word.slice(0, 1) + word.slice(1).toLowerCase())
    .join('');
