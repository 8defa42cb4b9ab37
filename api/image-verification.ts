/** Of which images on a node a pod must show that it could pull them, as upstream's `imagePullCredentialsVerificationPolicy`. */

/** Preloaded images are those that no kubelet of the node has pulled. */
export const verificationPolicies = [
  'NeverVerify',
  'NeverVerifyPreloadedImages',
  'NeverVerifyAllowlistedImages',
  'AlwaysVerify',
] as const;

export type VerificationPolicy = (typeof verificationPolicies)[number];

/** Undefined: there is no such policy. */
export const findVerificationPolicy = (name: string): VerificationPolicy | undefined =>
  verificationPolicies.find((policy) => policy === name);
