/** What every write carries besides its object. */

import type { JsonRecord } from '../../api/json-record.ts';
import type { KubernetesObject, Stored } from '../../api/object.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { User } from '../request/user.ts';
import type { AdmittedForm } from './admission.ts';
import type { Write, WriteResult } from './finish-write.ts';

export interface WriteRequest {
  readonly user: User;
  readonly dryRun: boolean;
  readonly subresource?: string | undefined;
  /** Asked before each try: throws when nobody waits any more. */
  throwIfAbandoned?(): void;
  /** Called after each change in the store: whatever fails later, it cannot be said that nothing was written. */
  noteWrite?(): void;
  /** Keeps `metadata.managedFields` true, once the object is complete. Absent: they stay as they are. */
  readonly trackFields?: TrackFields | undefined;
  /** For writes of what is large: checks and finishes elsewhere than in this thread. `next` stays as it is. */
  readonly finishApart?: ((write: Write) => Promise<WriteResult>) | undefined;
  /** The same of an object that others have changed in admission; undefined: it is to be finished like any other. */
  readonly finishChanged?: ((write: Write) => Promise<WriteResult | undefined>) | undefined;
  /**
   * Throws when the user may not create the object. Only of updates: they create what is missing when they have it, and
   * are refused with NotFound when they do not. Whoever sends a create has been asked before.
   */
  authorizeCreation?(): Promise<void>;
  /** In what form webhooks and policies see the object. Default: itself. */
  readonly form?: AdmittedForm | undefined;
  /** One of the objects that are deleted as a collection. */
  readonly isOfCollection?: boolean | undefined;
  /** For webhooks and policies: what the client said of how to do it. Absent: nothing. */
  readonly operationOptions?: (() => JsonRecord) | undefined;
  /** Aborts when nobody waits for the answer any more. Absent: somebody always does. */
  readonly signal?: (() => AbortSignal) | undefined;
  warn(text: string): void;
  /** For the audit event. Absent: nobody keeps one. */
  annotate?(key: string, value: string): void;
}

export type TrackFields = (next: KubernetesObject, previous: DeepReadonly<Stored> | undefined) => void | Promise<void>;

/** The server's own writes. */
export const internalWrite: WriteRequest = {
  user: { name: 'system:apiserver', groups: ['system:masters'] },
  dryRun: false,
  warn() {},
};

/** The same, where an update makes what is missing. */
export const internalWriteOrCreate: WriteRequest = { ...internalWrite, async authorizeCreation() {} };
