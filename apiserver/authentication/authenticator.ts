/** CONTRACT: finds out who sends a request. Asked in order; the first that knows ends the search (`authentication.ts`). */

import type { ApiRequest } from '../request/api-request.ts';
import type { User } from '../request/user.ts';

export interface Authenticator {
  /**
   * The user; undefined when the request carries nothing that this authenticator reads. Throws Unauthorized when it
   * does, but is not to be believed.
   */
  authenticate(request: ApiRequest): User | undefined | Promise<User | undefined>;
}
