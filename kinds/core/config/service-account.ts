/** ServiceAccounts: identities that pods run under. */

import { serviceAccounts } from '../../../api/resources/core.ts';
import type { ServiceAccount } from '../../../api/types/core/v1.ts';
import { ageColumn, nameColumn } from '../../columns.ts';
import { defineKind, subresource } from '../../define-kind.ts';

const enforceAnnotation = 'kubernetes.io/enforce-mountable-secrets';

export const serviceAccountKind = defineKind(serviceAccounts, {
  shortNames: ['sa'],
  subresources: [
    subresource('token', 'token', { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' }),
  ],
  columns: [nameColumn, ageColumn],
  strategy: {
    returnDeletedObject: true,
    metadataOnUpdate: 'both',
    prepareForCreate: (account) => keepNamesOnly(account),
    prepareForUpdate: (account) => keepNamesOnly(account),
    warnings({ metadata }, previous) {
      const isOld = previous?.metadata.annotations?.[enforceAnnotation] !== undefined;
      return isOld || metadata?.annotations?.[enforceAnnotation] === undefined
        ? []
        : [
            `metadata.annotations[${enforceAnnotation}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
          ];
    },
  },
});

/** A secret of the account is a name in its own namespace. */
function keepNamesOnly(account: ServiceAccount): void {
  if (account.secrets) account.secrets = account.secrets.map(({ name }) => (name ? { name } : {}));
}
