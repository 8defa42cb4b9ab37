/**
 * CONTRACT: what may change or refuse a write after authorization and before it is stored. Plugins stand in one ordered
 * chain (`admission-chain.ts`); `admit` of all runs before validation of the object, `validate` of all after it.
 */

import type { KubernetesObject, Stored } from '../../api/object.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Kind } from '../../kinds/kind.ts';
import type { User } from '../request/user.ts';

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

export interface AdmissionRequest {
  readonly operation: Operation;
  readonly kind: Kind;
  readonly subresource: string | undefined;
  readonly namespace: string | undefined;
  /** Empty while a generated name is not known yet. */
  readonly name: string;
  /** The object as it will be; `admit` may change it in place. Absent for DELETE. */
  readonly object: KubernetesObject | undefined;
  /** The object as it is; absent for CREATE. */
  readonly previous: DeepReadonly<Stored> | undefined;
  readonly user: User;
  readonly dryRun: boolean;
  warn(text: string): void;
}

export interface AdmissionPlugin {
  /** Upstream's name where there is one. */
  readonly name: string;
  /** Changes `object`, or throws a StatusError. May run more than once for one request: the write is retried. */
  admit?(request: AdmissionRequest): void | Promise<void>;
  /** Only refuses. */
  validate?(request: AdmissionRequest): void | Promise<void>;
}

export class AdmissionChain {
  readonly #admitting: readonly AdmissionPlugin[];
  readonly #validating: readonly AdmissionPlugin[];

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#admitting = plugins.filter((plugin) => plugin.admit);
    this.#validating = plugins.filter((plugin) => plugin.validate);
  }

  async admit(request: AdmissionRequest): Promise<void> {
    for (const plugin of this.#admitting) await plugin.admit?.(request);
  }

  async validate(request: AdmissionRequest): Promise<void> {
    for (const plugin of this.#validating) await plugin.validate?.(request);
  }
}
