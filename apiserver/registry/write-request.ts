/** What every write carries besides its object. */

import type { KubernetesObject, Stored } from '../../api/object.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { User } from '../authentication/user.ts';

export interface WriteRequest {
  readonly user: User;
  readonly dryRun: boolean;
  readonly subresource?: string | undefined;
  /** Asked before each try: throws when nobody waits any more. */
  throwIfAbandoned?(): void;
  /** Keeps `metadata.managedFields` true, once the object is complete. Absent: they stay as they are. */
  readonly trackFields?: TrackFields | undefined;
  warn(text: string): void;
}

export type TrackFields = (next: KubernetesObject, previous: DeepReadonly<Stored> | undefined) => void;

/** The server's own writes. */
export const internalWrite: WriteRequest = {
  user: { name: 'system:apiserver', groups: ['system:masters'] },
  dryRun: false,
  warn() {},
};
