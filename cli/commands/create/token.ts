/** `create token ACCOUNT`: a token of a service account. */

import { isRecord } from '../../../api/json-record.ts';
import type { ObjectKey } from '../../../api/object.ts';
import { serviceAccounts } from '../../../api/resources/core.ts';
import { StatusError } from '../../../api/status-error.ts';
import type { TokenRequest } from '../../../api/types/authentication/v1.ts';
import { UserError } from '../../../base/user-error.ts';
import type { Client } from '../../../client/client.ts';
import { type Arguments, durationMs, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { structuredPrinter } from '../../printing.ts';
import { nameIn } from './words.ts';

const boundVersions: Readonly<Record<string, string>> = { Pod: 'v1', Secret: 'v1', Node: 'v1' };

export async function createToken(context: CommandContext, args: Arguments): Promise<void> {
  const name = nameIn(textsOf(args, 'words'));
  const print = await structuredPrinter(args);
  const request = requestOf(args);
  const client = await context.client();
  const key = { namespace: await context.oneNamespace(), name };
  const answer = await tokenOf(client, key, request);
  if (print !== undefined) return void context.out.write(print(answer));
  const status = isRecord(answer) && isRecord(answer.status) ? answer.status : {};
  context.out.write(`${String(status.token ?? '')}\n`);
}

async function tokenOf(client: Client, account: ObjectKey, request: TokenRequest): Promise<unknown> {
  try {
    return await client.createSubresource(serviceAccounts, account, 'token', request);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    throw new UserError(`error: failed to create token: ${error.message}`, { cause: error });
  }
}

function requestOf(args: Arguments): TokenRequest {
  const duration = textOf(args, 'duration');
  const expirationSeconds = duration === undefined ? undefined : durationMs(duration, '--duration') / 1000;
  if (expirationSeconds !== undefined && (expirationSeconds < 1 || !Number.isInteger(expirationSeconds)))
    throw new UserError('error: --duration must be positive, in whole seconds');
  return {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: {
      audiences: textsOf(args, 'audience'),
      ...(expirationSeconds !== undefined && { expirationSeconds }),
      ...boundObject(args),
    },
  };
}

function boundObject(args: Arguments) {
  const [kind, name, uid] = ['kind', 'name', 'uid'].map((part) => textOf(args, `bound-object-${part}`));
  if (kind === undefined) {
    if (name === undefined && uid === undefined) return {};
    throw new UserError('error: --bound-object-name and --bound-object-uid belong to --bound-object-kind');
  }
  const apiVersion = Object.hasOwn(boundVersions, kind) ? boundVersions[kind] : undefined;
  if (apiVersion === undefined)
    throw new UserError(
      `error: supported --bound-object-kind values are ${Object.keys(boundVersions).sort().join(', ')}`,
    );
  if (name === undefined)
    throw new UserError('error: --bound-object-name is required if --bound-object-kind is provided');
  return { boundObjectRef: { kind, apiVersion, name, ...(uid !== undefined && { uid }) } };
}
