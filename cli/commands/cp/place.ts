/** `FILE`, `POD:PATH`, `NAMESPACE/POD:PATH`. Pure. */

import { UserError } from '../../../base/user-error.ts';

export interface LocalPlace {
  readonly path: string;
}

export interface RemotePlace extends LocalPlace {
  readonly namespace?: string;
  readonly pod: string;
}

export type Place = LocalPlace | RemotePlace;

export const isRemotePlace = (place: Place): place is RemotePlace => 'pod' in place;

export function parsePlace(text: string): Place {
  const colon = text.indexOf(':');
  // A path of this machine may have a colon in it, if it is written as a path.
  if (colon < 0 || /^\.{0,2}\//.test(text)) {
    if (text === '') throw new UserError('error: filepath can not be empty');
    return { path: text };
  }
  const [pod, path] = [text.slice(0, colon), text.slice(colon + 1)];
  const parts = pod.split('/');
  const [first = '', second] = parts;
  if (pod === '' || parts.length > 2 || parts.includes(''))
    throw new UserError('error: filespec must match the canonical format: [[namespace/]pod:]file/path');
  if (path === '') throw new UserError('error: filepath can not be empty');
  return second === undefined ? { pod: first, path } : { namespace: first, pod: second, path };
}
