/** The scheduler as a process of its own. */

import { hostname } from 'node:os';
