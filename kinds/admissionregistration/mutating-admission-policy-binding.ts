/** The kind MutatingAdmissionPolicyBinding. */

import { mutatingAdmissionPolicyBindings } from '../../api/resources/admissionregistration.ts';
import { definePolicyBinding } from './policy-binding-kind.ts';

export const mutatingAdmissionPolicyBindingKind = definePolicyBinding(mutatingAdmissionPolicyBindings, {
  isValidating: false,
});
