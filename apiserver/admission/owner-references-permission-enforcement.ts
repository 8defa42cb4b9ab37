/** Who says what an object belongs to may have it deleted with its owner: only who may delete it says so. */

import { isSameResource, parseApiVersion } from '../../api/resource.ts';
import { pods } from '../../api/resources/core.ts';
import { forbidden, type StatusError } from '../../api/status-error.ts';
import type { OwnerReference } from '../../api/types/meta/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Kinds } from '../../kinds/kind-registry.ts';
import { isSemanticallyEqual } from '../../machinery/schema/semantic-equality.ts';
import type { Action, Verdict } from '../authorization/authorizer.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../registry/admission.ts';

export interface OwnershipParts {
  readonly kinds: Pick<Kinds, 'findByName'>;
  readonly decide: (action: Action) => Promise<Verdict>;
}

type Owners = readonly DeepReadonly<OwnerReference>[];

const definition = 'io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference';

export const createOwnerReferencesPermissionEnforcement = (parts: OwnershipParts): AdmissionPlugin => ({
  name: 'OwnerReferencesPermissionEnforcement',

  validate: [
    { handles: { operations: ['CREATE', 'UPDATE'], subresource: '*' }, run: (request) => checkOwners(request, parts) },
  ],
});

async function checkOwners(request: AdmissionRequest, parts: OwnershipParts): Promise<void> {
  const { kind, subresource, object, previous } = request;
  // The status of a pod says nothing of its owners, whatever is sent.
  if (isSameResource(pods, kind) && subresource === 'status') return;
  const owners = object?.metadata?.ownerReferences ?? [];
  const before = previous?.metadata.ownerReferences ?? [];
  if (isSameOwners(owners, before)) return;
  const { decision, reason } = await parts.decide(deletionOf(request));
  if (decision !== 'allow') {
    throw refuse(request, `cannot set an ownerRef on a resource you can't delete: ${reason ?? ''}, <nil>`);
  }
  for (const owner of newlyBlocking(owners, before)) await checkBlocking(request, owner, parts);
}

/** Who keeps an owner from being deleted in the foreground needs the right to give it finalizers. */
async function checkBlocking(
  request: AdmissionRequest,
  owner: Owners[number],
  { kinds, decide }: OwnershipParts,
): Promise<void> {
  const { group = '', version = '' } = parseApiVersion(owner.apiVersion) ?? {};
  const kind = kinds.findByName({ group, version, kind: owner.kind });
  if (kind === undefined) {
    throw refuse(
      request,
      `cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion ${owner.apiVersion} Kind ${owner.kind}`,
    );
  }
  const { decision, reason } = await decide({
    user: request.user,
    verb: 'update',
    path: '',
    resource: {
      ...{ group, version, plural: kind.plural, subresource: 'finalizers', name: owner.name },
      namespace: kind.namespaced ? request.namespace : undefined,
    },
  });
  if (decision === 'allow') return;
  throw refuse(
    request,
    `cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: ${reason ?? ''}, <nil>`,
  );
}

const refuse = ({ kind, name }: AdmissionRequest, why: string): StatusError => forbidden(kind, name, why);

const deletionOf = ({ user, kind, subresource, namespace, name }: AdmissionRequest): Action => ({
  user,
  verb: 'delete',
  path: '',
  resource: { group: kind.group, version: kind.version, plural: kind.plural, subresource, namespace, name },
});

const isSameOwners = (owners: Owners, before: Owners): boolean =>
  owners.length === before.length &&
  owners.every((owner, index) => isSemanticallyEqual(definition, owner, before[index]));

const newlyBlocking = (owners: Owners, before: Owners): Owners =>
  owners.filter(
    ({ uid, blockOwnerDeletion }) =>
      blockOwnerDeletion === true && !before.some((one) => one.uid === uid && one.blockOwnerDeletion === true),
  );
