/** Whose requests a FlowSchema's rule is about: a subject has the member that its kind names, and no other. */

import type { ServiceAccountSubject, Subject } from '../../api/types/flowcontrol/v1.ts';
import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { checkDns1123Label, checkDns1123Subdomain } from '../validation/names.ts';

/** Members in the order in which a wrong one is reported. */
const members = ['serviceAccount', 'user', 'group'] as const;
const kindOfMember = { serviceAccount: 'ServiceAccount', user: 'User', group: 'Group' } as const;
const kinds = ['Group', 'ServiceAccount', 'User'];

export function validateSubject(subject: Subject, path: FieldPath, errors: FieldErrors): void {
  const { kind = '' } = subject;
  if (!kinds.includes(kind)) {
    errors.notSupported(path.child('kind'), kind, kinds);
    return;
  }
  for (const member of members) if (kindOfMember[member] === kind) validateMember(subject, member, path, errors);
  for (const member of members) {
    if (kindOfMember[member] === kind || !subject[member]) continue;
    errors.forbidden(path.child(member), `${member} is forbidden when subject kind is not '${kindOfMember[member]}'`);
  }
}

function validateMember(
  subject: Subject,
  member: (typeof members)[number],
  path: FieldPath,
  errors: FieldErrors,
): void {
  const at = path.child(member);
  const value = subject[member];
  if (!value) {
    errors.required(at, `${member} is required when subject kind is '${kindOfMember[member]}'`);
    return;
  }
  if (!value.name) errors.required(at.child('name'));
  if (member === 'serviceAccount' && subject.serviceAccount) validateServiceAccount(subject.serviceAccount, at, errors);
}

function validateServiceAccount(subject: ServiceAccountSubject, path: FieldPath, errors: FieldErrors): void {
  const { name = '', namespace = '' } = subject;
  if (name !== '' && name !== '*')
    for (const message of checkDns1123Subdomain(name)) errors.invalid(path.child('name'), name, message);
  if (namespace === '') errors.required(path.child('namespace'), 'must specify namespace for service account');
  else for (const message of checkDns1123Label(namespace)) errors.invalid(path.child('namespace'), namespace, message);
}
