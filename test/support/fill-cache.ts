/** Downloads what tests in the sandbox need from outside: there they have no way to it. Done in an instant the next time. */

import { debianKubectl } from './kubectl.ts';

await debianKubectl();
