/** CONTRACT: how a plugin of this node is called. `plugin-client.ts` does it by gRPC. */

import type { JsonRecord } from '../../api/json-record.ts';
import type { MessageType } from './wire-messages.ts';

export interface PluginMethod {
  /** `/package.Service/Method` */
  readonly path: string;
  readonly request: MessageType;
  readonly response: MessageType;
}

export interface PluginChannel {
  /** Throws `PluginCallError` when the plugin refuses, or does not answer in time. Calls may run at the same time. */
  call(method: PluginMethod, message: JsonRecord, timeoutMs: number): Promise<JsonRecord>;
  close(): void;
}

/** Its message is what Go's programs say: `rpc error: code = Internal desc = no such volume`. */
export class PluginCallError extends Error {
  override readonly name = 'PluginCallError';
  /** `NotFound`, `DeadlineExceeded` … */
  readonly code: string;

  constructor(code: string, details: string, options?: ErrorOptions) {
    super(`rpc error: code = ${code} desc = ${details}`, options);
    this.code = code;
  }
}
