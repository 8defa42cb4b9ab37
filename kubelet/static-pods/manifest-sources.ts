/** The sources of static pods that a kubelet was told of. What cannot be one is refused before anything starts. */

import { isAbsolute } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { UserError } from '../../base/user-error.ts';
import { ManifestFolder } from './manifest-folder.ts';
import type { ManifestSource } from './manifest-source.ts';
import { ManifestUrl } from './manifest-url.ts';

export interface ManifestSettings {
  /** Of a folder or file. */
  readonly path?: string | undefined;
  readonly url?: string | undefined;
  /** `Name:value`, several after each other with commas between. */
  readonly urlHeaders?: readonly string[];
  /** How often each is read. Default 20 s. */
  readonly fileCheckMs?: number;
  readonly urlCheckMs?: number;
  readonly nodeName: string;
  readonly clock: Clock;
}

const usualCheckMs = 20_000;

/** Throws `UserError`. */
export function createManifestSources(settings: ManifestSettings): ManifestSource[] {
  const { path, url, nodeName, clock, fileCheckMs = usualCheckMs, urlCheckMs = usualCheckMs } = settings;
  const headers = (settings.urlHeaders ?? []).flatMap(readHeaders);
  if (url === undefined && headers.length > 0) throw new UserError('--manifest-url-header belongs to a --manifest-url');
  return [
    ...(path === undefined
      ? []
      : [new ManifestFolder({ path: absolute(path), nodeName, clock, everyMs: fileCheckMs })]),
    ...(url === undefined
      ? []
      : [new ManifestUrl({ url: readUrl(url), headers, nodeName, clock, everyMs: urlCheckMs })]),
  ];
}

function absolute(path: string): string {
  if (!isAbsolute(path)) throw new UserError(`--pod-manifest-path must be an absolute path: ${JSON.stringify(path)}`);
  return path;
}

/** It may hold a secret, so it is not repeated. */
function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new UserError('--manifest-url must be a URL of http or https');
}

function readHeaders(text: string): (readonly [string, string])[] {
  return text
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const at = part.indexOf(':');
      const header = [part.slice(0, Math.max(at, 0)).trim(), part.slice(at + 1).trim()] as const;
      if (at < 1) throw new UserError('--manifest-url-header must be like Name:value');
      try {
        new Headers([[header[0], header[1]]]);
      } catch {
        // Its value may be secret, and stands in the error.
        throw new UserError(`--manifest-url-header: ${JSON.stringify(header[0])} cannot be sent`);
      }
      return header;
    });
}
