/** The kind ValidatingAdmissionPolicyBinding. */

import { definePolicyBinding } from './policy-binding-kind.ts';

export const validatingAdmissionPolicyBindings = definePolicyBinding({
  kind: 'ValidatingAdmissionPolicyBinding',
  plural: 'validatingadmissionpolicybindings',
  isValidating: true,
});
