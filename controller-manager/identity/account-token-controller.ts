/**
 * Fills Secrets of type `kubernetes.io/service-account-token` with a token of the account that they name, bound to the
 * Secret, and deletes them with the account.
 */

import { isRecord } from '../../api/json-record.ts';
import { secrets, serviceAccounts } from '../../api/resources/core.ts';
import { isConflict, isNotFound } from '../../api/status-error.ts';
import type { TokenRequest } from '../../api/types/authentication/v1.ts';
import type { Secret } from '../../api/types/core/v1.ts';
import { RenewedAuthority } from '../../base/renewed-authority.ts';
import { type Controller, keyOfChange, objectOfChange } from '../../client/controller.ts';
import { ifPresent } from '../../client/if-present.ts';
import type { Cached } from '../../client/object-cache.ts';
import type { ControllerContext } from '../controller-context.ts';
import { accountNameAnnotation, accountTokenType, planAccountToken } from './account-token-plan.ts';
import type { RootCertificateSettings } from './root-certificate-controller.ts';

/** The longest that the API server grants: a Secret's token ends with the Secret. */
const tokenSeconds = 2 ** 32;
const byAccount = 'byAccount';
/** The authority may be another one by then. */
const lookAgainMs = 60_000;

export function createAccountTokenController(
  { client, informers: shared, controller, clock, logger }: ControllerContext,
  { rootAuthority }: RootCertificateSettings,
): Controller {
  const authority = rootAuthority === undefined ? undefined : new RenewedAuthority(rootAuthority, { clock, logger });
  const informers = {
    accounts: shared.of(serviceAccounts),
    secrets: shared.selected(secrets, { fieldSelector: `type=${accountTokenType}` }),
  };
  informers.secrets.addIndexers({ [byAccount]: (secret) => [accountKeyOf(secret)] });

  async function reconcile(key: string) {
    const secret = informers.secrets.get(key);
    if (secret === undefined) return {};
    const { namespace, name, uid, annotations } = secret.metadata;
    const account = { namespace, name: annotations?.[accountNameAnnotation] ?? '' };
    // The account may have been made a moment before the Secret: what is deleted for its absence is not made again.
    const found =
      informers.accounts.get(accountKeyOf(secret)) ?? (await ifPresent(client.get(serviceAccounts, account)));
    const rootCertificate = await authority?.current();
    const plan = planAccountToken(secret, { account: found, rootCertificate, now: clock.now() });
    if (plan.type === 'nothing') return { requeueAfterMs: Math.min(plan.waitMs ?? lookAgainMs, lookAgainMs) };
    if (plan.type === 'delete') {
      await ifPresent(client.delete(secrets, { namespace, name }, { uid }));
      return {};
    }
    const token = plan.needsToken ? await requestToken(account, { name, uid }) : undefined;
    const object = token === undefined ? plan.object : withToken(plan.object, token);
    try {
      await client.update<Secret>(secrets, object);
    } catch (error) {
      // Whoever changed or deleted it: its change comes here next.
      if (!isConflict(error) && !isNotFound(error)) throw error;
    }
    return {};
  }

  async function requestToken(
    account: { readonly namespace: string | undefined; readonly name: string },
    secret: { readonly name: string; readonly uid: string },
  ): Promise<string> {
    const boundObjectRef = { apiVersion: 'v1', kind: 'Secret', ...secret };
    const request: TokenRequest = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { audiences: [], expirationSeconds: tokenSeconds, boundObjectRef },
    };
    const answer = await client.createSubresource(serviceAccounts, account, 'token', request);
    const token = isRecord(answer) && isRecord(answer.status) ? answer.status.token : undefined;
    if (typeof token !== 'string') throw new Error('The API server answers a TokenRequest without a token');
    return token;
  }

  return controller({ reconciler: { reconcile }, workers: 2 })
    .watch(informers.secrets, keyOfChange)
    .watch(informers.accounts, (change) => {
      const { namespace = '', name } = objectOfChange(change).metadata;
      return informers.secrets
        .byIndex(byAccount, `${namespace}/${name}`)
        .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    });
}

const accountKeyOf = ({ metadata }: Cached<Secret>): string =>
  `${metadata.namespace ?? ''}/${metadata.annotations?.[accountNameAnnotation] ?? ''}`;

const withToken = (secret: Secret, token: string): Secret => ({
  ...secret,
  data: { ...secret.data, token: Buffer.from(token).toString('base64') },
});
