/**
 * Requests of APIs that other servers serve: passed on to them as they are, watches and upgraded connections included,
 * with the name of who asks in place of the credential.
 */

import { StatusError, serviceUnavailable } from '../../../api/status-error.ts';
import { errorText } from '../../../base/error-text.ts';
import type { RemoteApiCaller } from '../../aggregation/ask-remote-api.ts';
import type { RemoteApi } from '../../aggregation/remote-api.ts';
import { remoteUserHeaders } from '../../aggregation/remote-user.ts';
import type { ApiRequest } from '../../request/api-request.ts';
import { placeOfService } from '../../services/service-place.ts';
import { forward } from './forward.ts';

/** Resolves when the answer is over. Throws ServiceUnavailable where nobody can be asked. */
export async function passToRemoteApi(request: ApiRequest, api: RemoteApi, caller: RemoteApiCaller): Promise<void> {
  if (!api.isAvailable) throw serviceUnavailable(`the API ${api.name} is not available`);
  const place = await placeOf(api, caller);
  await forward(request, {
    ...place,
    secure: true,
    refusesRedirects: true,
    path: request.incoming.url ?? '/',
    agent: api.agent(await caller.clientPair?.current()),
    headers: { ...remoteUserHeaders(request.user), host: `${api.service.name}.${api.service.namespace}.svc` },
    body: request.body && (await request.body),
  });
}

async function placeOf({ service, name }: RemoteApi, { objects }: RemoteApiCaller) {
  try {
    return await placeOfService(objects, service, service.port);
  } catch (error) {
    // That its Service is gone does not mean that what was asked for is not there.
    if (error instanceof StatusError)
      throw serviceUnavailable(`the API ${name} cannot be reached: ${errorText(error)}`, error);
    throw error;
  }
}
