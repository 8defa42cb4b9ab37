/** How the keys for service account tokens are looked at and rotated: what the API server and kubecfg say to each other. */

export const accountKeysPath = '/longshore.dev/service-account-keys';

/** `trust`: a new key is believed; `switch`: it signs; `drop`: the one before is believed no more. */
export const accountKeySteps = ['trust', 'switch', 'drop'] as const;
export type AccountKeyStep = (typeof accountKeySteps)[number];

export interface AccountKeysReport {
  /** Which step is due. */
  readonly next: AccountKeyStep;
  /** The first one signs. No key itself is among this. Times are RFC 3339. */
  readonly keys: readonly {
    readonly id: string;
    readonly state: 'signing' | 'next' | 'retired';
    readonly addedAt?: string;
    readonly retiredAt?: string;
    /** When the last of its tokens has ended, but for those in Secrets. */
    readonly believedUntil?: string;
  }[];
}
