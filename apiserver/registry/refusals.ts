/** What a write to the registry is refused for, in upstream's words. Pure. */

import type { KubernetesObject, Stored } from '../../api/object.ts';
import { parseApiVersion } from '../../api/resource.ts';
import { badRequest, conflict, type StatusError } from '../../api/status-error.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Kind } from '../../kinds/kind.ts';
import { type FieldError, FieldErrors, FieldPath, invalidObject } from '../../machinery/field-errors.ts';
import type { DeletionOptions } from './deletion.ts';

/** The object is named as it names itself: a custom resource may claim to be of another kind. */
export function refuseInvalid(kind: Kind, object: KubernetesObject, errors: readonly FieldError[]): void {
  if (errors.length === 0) return;
  const { group } = parseApiVersion(object.apiVersion ?? '') ?? kind;
  throw invalidObject({ group, kind: object.kind ?? kind.kind }, object.metadata?.name ?? '', errors);
}

/** A deletion of an object that is not the one, or not as, its sender believes. */
export function refusePreconditions(
  kind: Kind,
  current: Stored,
  preconditions: DeletionOptions['preconditions'],
): void {
  const { uid, resourceVersion } = preconditions ?? {};
  const { name } = current.metadata;
  // Upstream names the kind here, not the resource.
  const { group, kind: plural } = kind;
  const named = { group, plural };
  if (uid !== undefined && uid !== current.metadata.uid) {
    throw conflict(
      named,
      name,
      `the UID in the precondition (${uid}) does not match the UID in record (${current.metadata.uid}). The object might have been deleted and then recreated`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== current.metadata.resourceVersion) {
    throw conflict(
      named,
      name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${current.metadata.resourceVersion}). The object might have been modified`,
    );
  }
}

/** An update of an object that has changed since its sender read it. */
export function refuseStale(
  kind: Kind,
  next: KubernetesObject,
  previous: DeepReadonly<Stored>,
  expectedUid: string | undefined,
): void {
  const { resourceVersion = '' } = next.metadata ?? {};
  const name = previous.metadata.name;
  if (expectedUid && expectedUid !== previous.metadata.uid) {
    throw conflict(kind, name, otherUid(kind, previous, expectedUid));
  }
  const isUnconditional = resourceVersion === '' || resourceVersion === '0';
  if (isUnconditional && kind.strategy.allowUnconditionalUpdate === false) throw versionRequired(kind, name);
  if (resourceVersion !== '' && resourceVersion !== '0' && resourceVersion !== previous.metadata.resourceVersion) {
    throw conflict(
      kind,
      name,
      'the object has been modified; please apply your changes to the latest version and try again',
    );
  }
}

/** A new object has no version yet. (A dry run, which upstream ends before its store, answers with what was sent.) */
export function refuseVersion({ metadata }: KubernetesObject): void {
  const { resourceVersion = '' } = metadata ?? {};
  if (resourceVersion !== '' && resourceVersion !== '0') {
    throw badRequest('resourceVersion should not be set on objects to be created');
  }
}

export function missingUid(kind: Kind, name: string, uid: string): StatusError {
  return conflict(kind, name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: `);
}

/** In the words of upstream's store. */
function otherUid({ plural }: Kind, { metadata }: DeepReadonly<Stored>, uid: string): string {
  const { namespace, name, uid: own } = metadata;
  const key = `/registry/${plural}/${namespace ? `${namespace}/` : ''}${name}`;
  return `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${own}`;
}

/** For kinds of which nobody may overwrite what he has not read. Upstream names the resource, not the kind. */
function versionRequired({ group, plural }: Kind, name: string): StatusError {
  const errors = new FieldErrors();
  errors.invalid(FieldPath.of('metadata', 'resourceVersion'), 0, 'must be specified for an update');
  return invalidObject({ group, kind: plural }, name, errors.list);
}

/** The way to delete what cannot be read is for nothing else. */
export function refuseReadable({ group, plural }: Kind, name: string): StatusError {
  const errors = new FieldErrors();
  const why = 'is exclusively used to delete corrupt object(s), try again by removing this option';
  errors.invalid(FieldPath.of(unsafeDeletionOption), true, why);
  // Upstream names the resource, not the kind.
  return invalidObject({ group, kind: plural }, name, errors.list);
}

export const unsafeDeletionOption = 'ignoreStoreReadErrorWithClusterBreakingPotential';
