/** The kind IPAddress. */

import type { KubernetesObject } from '../../api/object.ts';
import { qualifiedName } from '../../api/resource.ts';
import { ipAddresses } from '../../api/resources/networking.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define-kind.ts';
import { validateImmutable } from '../validation/immutable.ts';
import { checkDns1123Subdomain, checkPathSegment } from '../validation/names.ts';

interface ParentReference {
  readonly group?: string;
  readonly resource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** As users may write it: a parent that is missing is for the rules to tell. */
export interface IPAddress extends KubernetesObject {
  spec?: { parentRef?: ParentReference | null };
}

export const ipAddressKind = defineKind<IPAddress>(ipAddresses, {
  shortNames: ['ip'],
  columns: [
    nameColumn,
    textColumn('ParentRef', 'What has the address.', ({ spec }) => formatParent(spec?.parentRef)),
    ageColumn,
  ],
  strategy: {
    nameFormat: 'ipAddress',
    metadataOnUpdate: 'both',
    validate: ({ spec }, errors) => validateParent(spec?.parentRef, parentPath, errors),
    validateUpdate(next, previous, errors) {
      const parent = internalForm(next.spec?.parentRef);
      validateImmutable(parent, internalForm(previous.spec?.parentRef), parentPath, errors);
    },
  },
});

const parentPath = FieldPath.of('spec', 'parentRef');

function validateParent(parent: ParentReference | null | undefined, path: FieldPath, errors: FieldErrors): void {
  if (!parent) {
    errors.required(path);
    return;
  }
  const { group = '', namespace = '' } = parent;
  // The core group has an empty name, so none can be asked for.
  if (group !== '')
    for (const message of checkDns1123Subdomain(group)) errors.invalid(path.child('group'), group, message);
  for (const field of ['resource', 'name'] as const) {
    const value = parent[field] ?? '';
    if (value === '') errors.required(path.child(field));
    else for (const message of checkPathSegment(value)) errors.invalid(path.child(field), value, message);
  }
  if (namespace !== '')
    for (const message of checkPathSegment(namespace)) errors.invalid(path.child('namespace'), namespace, message);
}

/** As upstream's messages show it: Go's names, and what is empty too. */
function internalForm(parent: ParentReference | null | undefined): unknown {
  if (!parent) return null;
  const { group = '', resource = '', namespace = '', name = '' } = parent;
  return { Group: group, Resource: resource, Namespace: namespace, Name: name };
}

/** `services/default/kubernetes` */
function formatParent(parent: ParentReference | null | undefined): string {
  if (!parent) return '<none>';
  const { group = '', resource = '', namespace = '', name = '' } = parent;
  const kind = qualifiedName(resource, group).toLowerCase();
  return [kind, ...(namespace === '' ? [] : [namespace]), name].join('/');
}
