/** A kubeconfig for other people's clients, from a `Connection`. */

import { dump } from 'js-yaml';
import type { Connection } from '../../client/connection.ts';

const base64 = (pem: string | undefined): string | undefined => pem && Buffer.from(pem).toString('base64');

export function kubeconfigText(connection: Connection): string {
  return dump(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'test',
          cluster: {
            server: connection.servers[0],
            'certificate-authority-data': base64(connection.certificateAuthority),
          },
        },
      ],
      users: [
        {
          name: 'test',
          user: {
            'client-certificate-data': base64(connection.clientCertificate),
            'client-key-data': base64(connection.clientKey),
          },
        },
      ],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test', namespace: 'default' } }],
      'current-context': 'test',
    },
    { skipInvalid: true, lineWidth: -1 },
  );
}
