/** One line for each request, after its answer: who asked what, what they got, how long it took. */

import type { Logger } from '../../base/logger.ts';
import type { ApiRequest } from '../request/api-request.ts';

export function logAccess(logger: Logger, request: ApiRequest): void {
  const { outgoing, info } = request;
  const code = outgoing.statusCode;
  const line = {
    method: request.method,
    path: request.rawQuery === '' ? info.path : `${info.path}?${request.rawQuery}`,
    verb: info.verb,
    code,
    ms: Math.round(request.elapsedMs),
    user: request.user.name,
    ...(request.impersonator && { impersonator: request.impersonator.name }),
    agent: request.header('user-agent'),
    audit: request.auditId,
  };
  if (code >= 500) logger.warn('request failed', line);
  else logger.debug('request', line);
}
