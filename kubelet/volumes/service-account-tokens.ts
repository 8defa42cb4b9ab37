/** Tokens of service accounts for pods' volumes, asked of the API server and used until they are near their end. */

import { serviceAccounts } from '../../api/resources/core.ts';
import type { Clock } from '../../base/clock.ts';
import type { Writer } from '../../client/client.ts';
import type { PodObject } from '../model/pod.ts';
import type { TokenSource } from './payloads.ts';

interface Known {
  readonly token: string;
  /** Wall time in milliseconds. */
  readonly renewAt: number;
}

/** A token is replaced when this share of its life is over. */
const usableShare = 0.8;

export class ServiceAccountTokens implements TokenSource {
  readonly #client: Pick<Writer, 'createSubresource'>;
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();

  constructor(client: Pick<Writer, 'createSubresource'>, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  async token(
    pod: PodObject,
    { audience, expirationSeconds }: { readonly audience?: string; readonly expirationSeconds: number },
  ): Promise<string> {
    const { namespace = 'default', name, uid } = pod.metadata;
    const key = `${uid}/${audience ?? ''}/${expirationSeconds}`;
    const known = this.#known.get(key);
    const now = this.#clock.now();
    if (known !== undefined && now < known.renewAt) return known.token;
    this.#dropOld(now);
    const account = pod.spec?.serviceAccountName || 'default';
    const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name, uid };
    const answer = (await this.#client.createSubresource(serviceAccounts, { namespace, name: account }, 'token', {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { audiences: audience === undefined ? [] : [audience], expirationSeconds, boundObjectRef },
    } as object)) as { readonly status?: { readonly token?: string } };
    const token = answer.status?.token ?? '';
    this.#known.set(key, { token, renewAt: now + expirationSeconds * 1000 * usableShare });
    return token;
  }

  #dropOld(now: number): void {
    for (const [key, { renewAt }] of this.#known) if (renewAt < now) this.#known.delete(key);
  }
}
