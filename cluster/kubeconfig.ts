/** Writes kubeconfig files (the format of kubectl): how to reach this cluster, and as whom. Mode 0600: they hold keys. */

import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dump } from 'js-yaml';
import { ifFilePresent } from '../base/if-file-present.ts';
import type { AuthoritySource } from '../base/renewed-authority.ts';
import type { KeyPairSource } from '../base/renewed-key-pair.ts';
import { writeAtomically } from '../base/write-atomically.ts';

/** Components that have a kubeconfig of their own in the data directory, beside the administrator's. */
export const componentUsers = ['controller-manager', 'scheduler', 'kubelet', 'proxy', 'ingress'] as const;

export interface KubeconfigOptions {
  /** `https://host:port` */
  readonly server: string;
  /** A text is put in; of a file, only the path. */
  readonly certificateAuthority: AuthoritySource;
  /** Name of the user's entry. */
  readonly user: string;
  /** Texts are put in; of files, only the paths. */
  readonly client: KeyPairSource;
}

/** Nothing is written when it says so already. */
export async function writeKubeconfig(path: string, options: KubeconfigOptions): Promise<void> {
  const text = renderKubeconfig(options);
  if (text !== (await ifFilePresent(readFile(path, 'utf8')))) await writeAtomically(path, text, 0o600);
}

export function renderKubeconfig({ server, certificateAuthority, user, client }: KubeconfigOptions): string {
  return dump(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'longshore', cluster: { server, ...authorityEntry(certificateAuthority) } }],
      users: [
        {
          name: user,
          user:
            'certificateFile' in client
              ? { 'client-certificate': client.certificateFile, 'client-key': client.keyFile }
              : {
                  'client-certificate-data': base64(client.certificate),
                  'client-key-data': base64(widelyReadKey(client.key)),
                },
        },
      ],
      contexts: [{ name: 'longshore', context: { cluster: 'longshore', user } }],
      'current-context': 'longshore',
    },
    { lineWidth: -1 },
  );
}

const authorityEntry = (source: AuthoritySource) =>
  typeof source === 'string'
    ? { 'certificate-authority-data': base64(source) }
    : { 'certificate-authority': source.authorityFile };

/**
 * The key in the oldest form of its kind, which every library that reads that kind reads: PKCS #1 (`RSA PRIVATE KEY`), SEC 1
 * (`EC PRIVATE KEY`). Some take any `PRIVATE KEY` for one of RSA, and some read none but those of RSA: `certificates.ts`
 * makes people's so.
 */
export function widelyReadKey(pem: string): string {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType === 'ec') return key.export({ type: 'sec1', format: 'pem' }).toString();
  return key.asymmetricKeyType === 'rsa' ? key.export({ type: 'pkcs1', format: 'pem' }).toString() : pem;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
