/**
 * Signatures of what `kube-public/cluster-info` says, one for each bootstrap token that may sign: whoever has the token
 * knows by it that the cluster itself says so. In upstream's form: a JWS whose payload is left out. Pure.
 */

import { createHmac } from 'node:crypto';
import type { BootstrapToken } from '../../api/bootstrap-token.ts';

const prefix = 'jws-kubeconfig-';

type Data = Readonly<Record<string, string>>;

/** The data as they should be; undefined: they are. */
export function signedData(data: Data, tokens: readonly BootstrapToken[], now: number): Data | undefined {
  const { kubeconfig } = data;
  if (kubeconfig === undefined) return undefined;
  const others = Object.entries(data).filter(([key]) => !key.startsWith(prefix));
  const signing = tokens.filter(({ usages, expiresAt }) => usages.includes('signing') && (expiresAt ?? now + 1) > now);
  const signatures = signing.map((token) => [`${prefix}${token.id}`, signatureOf(kubeconfig, token)] as const);
  const wanted: Data = Object.fromEntries([...others, ...signatures]);
  return isSame(wanted, data) ? undefined : wanted;
}

export function signatureOf(content: string, { id, secret }: Pick<BootstrapToken, 'id' | 'secret'>): string {
  const header = Buffer.from(JSON.stringify({ alg: 'HS256', kid: id })).toString('base64url');
  const signed = `${header}.${Buffer.from(content).toString('base64url')}`;
  return `${header}..${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

function isSame(a: Data, b: Data): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
