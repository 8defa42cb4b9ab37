/** What the two plugins of webhooks are told: as whom they call. Upstream's `WebhookAdmissionConfiguration`. */

import { isAbsolute } from 'node:path';
import { UserError } from '../../../base/user-error.ts';
import { hostPortOf, type WebhookCaller } from '../../webhooks/webhook-caller.ts';
import { readWebhookUsers, WebhookUsers } from '../../webhooks/webhook-users.ts';
import { ConfigurationError, readDocument, readText } from '../configuration-fields.ts';

type Caller = Pick<WebhookCaller, 'call'>;

const group = 'apiserver.config.k8s.io';
/** The version that came first calls it otherwise. */
const early = { version: `${group}/v1alpha1`, kind: 'WebhookAdmission' } as const;

/** Throws ConfigurationError, also for a file that cannot be used. */
export function readWebhookAdmission(document: unknown): WebhookUsers {
  if (document === undefined) return new WebhookUsers();
  const isEarly = Object(document).apiVersion === early.version;
  const { kubeConfigFile } = isEarly
    ? readDocument(document, early.kind, [early.version], ['kubeConfigFile'])
    : readDocument(document, 'WebhookAdmissionConfiguration', [`${group}/v1`], ['kubeConfigFile']);
  const path = readText(kubeConfigFile, 'kubeConfigFile');
  if (!isAbsolute(path))
    throw new ConfigurationError(
      `kubeConfigFile: Invalid value: ${JSON.stringify(path)}: must be an absolute file path`,
    );
  try {
    return readWebhookUsers(path);
  } catch (error) {
    throw error instanceof UserError ? new ConfigurationError(`kubeConfigFile ${error.message}`) : error;
  }
}

/** Calls each webhook as the user who is named after its server. */
export const callerAs = (users: WebhookUsers, caller: Caller): Caller => ({
  call(call) {
    const hostPort = hostPortOf(call.clientConfig);
    return caller.call({ ...call, user: hostPort === undefined ? undefined : users.userFor(hostPort) });
  },
});
