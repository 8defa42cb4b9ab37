/** The kind ValidatingAdmissionPolicyBinding. */

import { validatingAdmissionPolicyBindings } from '../../api/resources/admissionregistration.ts';
import { definePolicyBinding } from './policy-binding-kind.ts';

export const validatingAdmissionPolicyBindingKind = definePolicyBinding(validatingAdmissionPolicyBindings, {
  isValidating: true,
});
