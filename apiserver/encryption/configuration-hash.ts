/** By which an API server says which configuration is in force, without showing anything of it. */

import { createHash } from 'node:crypto';

export const configurationHash = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
