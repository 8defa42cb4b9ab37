/** The kind MutatingAdmissionPolicyBinding. */

import { definePolicyBinding } from './policy-binding-kind.ts';

export const mutatingAdmissionPolicyBindings = definePolicyBinding({
  kind: 'MutatingAdmissionPolicyBinding',
  plural: 'mutatingadmissionpolicybindings',
  isValidating: false,
});
