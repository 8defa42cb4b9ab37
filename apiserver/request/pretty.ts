/** Whether an answer is written for people. */

import type { ApiRequest } from './api-request.ts';
import { isTrue } from './query.ts';

/** Asked for, or a person is likely to read it. */
export function isPretty(request: ApiRequest): boolean {
  if (request.rawQuery.includes('pretty=')) return isTrue(request.query.get('pretty') ?? '0');
  return /^(curl|Wget|Mozilla\/5\.0)/.test(request.header('user-agent'));
}
