/**
 * CONTRACT: what may change or refuse a write, or a connection, after authorization. A plugin is a list of steps, each
 * of which says what it is asked about; the chain asks nobody about anything else. Plugins stand in one order
 * (`admission/admission-chain.ts`): all their `admit` steps run before the object is validated, all `validate` steps after it.
 */

import type { JsonRecord } from '../../api/json-record.ts';
import type { KubernetesObject, Stored } from '../../api/object.ts';
import { isSameResource, type Resource } from '../../api/resource.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Kind } from '../../kinds/kind.ts';
import type { GroupVersionKind } from '../../machinery/schema/registered-kinds.ts';
import type { ObjectSchema } from '../../machinery/schema/schema.ts';
import type { User } from '../request/user.ts';

/** `CONNECT`: exec, attach, portforward and proxy. */
export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

export interface AdmissionRequest {
  readonly operation: Operation;
  readonly kind: Kind;
  readonly subresource: string | undefined;
  readonly namespace: string | undefined;
  /** Empty while a generated name is not known yet. */
  readonly name: string;
  /**
   * The object as it will be; `admit` may change it in place. Absent for DELETE. For CONNECT the options of the
   * connection, for instance a PodExecOptions.
   */
  readonly object: KubernetesObject | undefined;
  /** The object as it is; absent for CREATE and CONNECT. */
  readonly previous: DeepReadonly<Stored> | undefined;
  readonly user: User;
  readonly dryRun: boolean;
  /** The client has named no more than how the name begins. */
  readonly isNameGenerated?: boolean | undefined;
  /** One of the objects that are deleted as a collection: nobody has named it. */
  readonly isOfCollection?: boolean | undefined;
  /** Absent: webhooks and policies see the object itself. */
  readonly form?: AdmittedForm | undefined;
  /** What the client said of how to do it, as CreateOptions, UpdateOptions or DeleteOptions have it. */
  readonly operationOptions?: (() => JsonRecord) | undefined;
  /** Aborts when nobody waits for the answer any more. Absent: somebody always does. */
  readonly signal?: (() => AbortSignal) | undefined;
  /** A CREATE by an update or an apply of what is not there: its path names the object. */
  readonly isByUpdate?: boolean | undefined;
  /** A DELETE of an object that cannot be read, whatever else depends on it; there is no `previous` then. */
  readonly isUnsafeDeletion?: boolean | undefined;
  warn(text: string): void;
  /** Goes into the audit event of the request, under upstream's key. The first value of a key stays. */
  annotate(key: string, value: string): void;
  /**
   * `undo` gives back what a step took for this write. It is called, once, when it is certain that the write has not
   * happened. Absent where nothing is written.
   */
  ifNotWritten?(undo: () => void): void;
}

/**
 * The form in which webhooks and policies see an object that is written by a part of it: a Scale. They change that, and
 * what they changed is taken over.
 */
export interface AdmittedForm {
  readonly type: GroupVersionKind & { readonly schema: ObjectSchema };
  show(object: DeepReadonly<Stored>): KubernetesObject;
  /** `object` becomes what the form says, in place. */
  take(form: KubernetesObject, object: KubernetesObject): void;
}

/** Which requests a step is asked about. */
export interface Handled {
  readonly operations: readonly Operation[];
  /** By group and plural, whatever the version; a custom resource may share the plural. Absent: all resources. */
  readonly resource?: Pick<Resource, 'group' | 'plural'>;
  /** One subresource of it; `*`: each of them, and the object itself. Absent: the object itself only. */
  readonly subresource?: string;
}

/**
 * What a JSON patch that somebody else has sent makes of an object, which stays as it is; undefined: it says nothing.
 * Rejects with a StatusError: 422 where it does not apply, another code where it is no patch, or makes too much of little.
 */
export type ApplyJsonPatch = (
  object: unknown,
  patch: string,
  asker: Pick<AdmissionRequest, 'user' | 'warn'>,
) => Promise<unknown>;

export interface AdmissionStep {
  readonly handles: Handled;
  /** Throws a StatusError to refuse. May run more than once for one request: the write is retried. */
  run(request: AdmissionRequest, rounds: AdmissionRounds): void | Promise<void>;
}

/**
 * The object's way through all steps. A step that has let others than the server change the object asks for a second
 * round of the `admit` steps, so that all of them see the change; there is no third.
 */
export class AdmissionRounds {
  #isSecond = false;
  #isSecondNeeded = false;

  get isSecond(): boolean {
    return this.#isSecond;
  }

  askForSecond(): void {
    this.#isSecondNeeded = true;
  }

  /** Whether there is another round now. */
  next(): boolean {
    if (this.#isSecond || !this.#isSecondNeeded) return false;
    this.#isSecond = true;
    return true;
  }
}

export interface AdmissionPlugin {
  /** Upstream's name where there is one. */
  readonly name: string;
  /** These change `object`, or refuse. */
  readonly admit?: readonly AdmissionStep[];
  /** These only refuse. */
  readonly validate?: readonly AdmissionStep[];
}

/** A write of an object of one resource. */
export interface WriteOf<T extends KubernetesObject> extends AdmissionRequest {
  readonly object: T;
  readonly previous: DeepReadonly<Stored<T>> | undefined;
}

/** A deletion of an object of one resource. */
export interface DeletionOf<T extends KubernetesObject> extends AdmissionRequest {
  readonly previous: DeepReadonly<Stored<T>>;
}

/** A step about objects of one resource; or about one subresource of them, which is written as the object itself. */
export function onWrite<T extends KubernetesObject>(
  operations: readonly ('CREATE' | 'UPDATE')[],
  resource: Resource<T>,
  run: (request: WriteOf<T>) => void | Promise<void>,
  subresource?: string,
): AdmissionStep {
  return stepOf<WriteOf<T>>({ operations, resource, ...(subresource !== undefined && { subresource }) }, run);
}

/**
 * A step about objects of one resource and whatever is posted to their subresources: `T` is what there is where `run`
 * looks at the object.
 */
export function onAnyWrite<T extends KubernetesObject>(
  resource: Resource,
  run: (request: WriteOf<T>) => void | Promise<void>,
): AdmissionStep {
  return stepOf<WriteOf<T>>({ operations: ['CREATE', 'UPDATE'], resource, subresource: '*' }, run);
}

export function onDelete<T extends KubernetesObject>(
  resource: Resource<T>,
  run: (request: DeletionOf<T>) => void | Promise<void>,
): AdmissionStep {
  return stepOf<DeletionOf<T>>({ operations: ['DELETE'], resource }, run);
}

function stepOf<R extends AdmissionRequest>(
  handles: Handled,
  run: (request: R) => void | Promise<void>,
): AdmissionStep {
  // The chain brings only what is handled: objects of this very resource.
  return { handles, run: (request) => run(request as R) };
}

export class AdmissionChain {
  readonly #admitting: readonly AdmissionStep[];
  readonly #validating: readonly AdmissionStep[];

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#admitting = plugins.flatMap(({ admit = [] }) => admit);
    this.#validating = plugins.flatMap(({ validate = [] }) => validate);
  }

  /** Whether others than the server have changed the object. */
  async admit(request: AdmissionRequest): Promise<boolean> {
    const rounds = new AdmissionRounds();
    do await pass(this.#admitting, request, rounds);
    while (rounds.next());
    return rounds.isSecond;
  }

  validate(request: AdmissionRequest): Promise<void> {
    return pass(this.#validating, request, new AdmissionRounds());
  }
}

async function pass(
  steps: readonly AdmissionStep[],
  request: AdmissionRequest,
  rounds: AdmissionRounds,
): Promise<void> {
  for (const step of steps) {
    if (!isHandled(request, step.handles)) continue;
    const running = step.run(request, rounds);
    // Most of them decide at once.
    if (running !== undefined) await running;
  }
}

function isHandled(
  { operation, kind, subresource: asked }: AdmissionRequest,
  { operations, resource, subresource }: Handled,
): boolean {
  if (!operations.includes(operation) || (asked !== subresource && subresource !== '*')) return false;
  return resource === undefined || isSameResource(resource, kind);
}
