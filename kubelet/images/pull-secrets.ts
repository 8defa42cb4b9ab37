/** Credentials for registries, from the pod's imagePullSecrets. */

import { isRecord, type JsonRecord } from '../../api/json-record.ts';
import { compareText } from '../../base/compare.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import { eventSubject } from '../model/event-subject.ts';
import type { PodObject } from '../model/pod.ts';
import type { ReferencedData } from '../references/referenced-data.ts';
import type { RegistryCredentials } from '../runtime/runtime.ts';
import { defaultRegistry, parseImageName } from './image-name.ts';

export class PullSecrets {
  readonly #data: Pick<ReferencedData, 'secret'>;
  readonly #recorder: Recorder;

  constructor(data: Pick<ReferencedData, 'secret'>, recorder: Recorder) {
    this.#data = data;
    this.#recorder = recorder;
  }

  /**
   * The credentials whose server stands for the most of the image's name. A secret that is missing, or says nothing
   * that can be read, is told, and the pull is tried without it.
   */
  async credentialsFor(pod: PodObject, image: string): Promise<RegistryCredentials | undefined> {
    const missing: string[] = [];
    const known: KnownCredentials[] = [];
    for (const { name = '' } of pod.spec?.imagePullSecrets ?? []) {
      try {
        known.push(...readCredentials(await this.#data.secret(pod.metadata.namespace ?? '', name)));
      } catch {
        missing.push(name); // whatever the reason, users are told below
      }
    }
    if (missing.length > 0) {
      const message = `Unable to retrieve some image pull secrets (${missing.join(', ')}); attempting to pull the image may not succeed.`;
      this.#recorder.record(eventSubject(pod), { type: 'Warning', reason: 'FailedToRetrieveImagePullSecret', message });
    }
    const place = placeOf(image);
    return known.sort((a, b) => compareText(b.server, a.server)).find(({ server }) => standsFor(server, place))
      ?.credentials;
  }
}

interface KnownCredentials {
  /** `registry.example.com`, `*.example.com:5000/team`. */
  readonly server: string;
  readonly credentials: RegistryCredentials;
}

/** Users write these: what is of another type counts as absent. */
const membersOf = (value: unknown): JsonRecord => (isRecord(value) ? value : {});

function textIn(members: JsonRecord, name: string): string {
  const value = members[name];
  return typeof value === 'string' ? value : '';
}

function readCredentials(data: ReadonlyMap<string, Buffer>): KnownCredentials[] {
  const modern = data.get('.dockerconfigjson');
  const old = data.get('.dockercfg');
  const text = (modern ?? old)?.toString();
  if (text === undefined) return [];
  const parsed = membersOf(JSON.parse(text));
  const auths = modern ? membersOf(parsed.auths) : parsed;
  return Object.entries(auths).map(([server, entry]) => ({
    server: normalizeServer(server),
    credentials: credentialsOf(membersOf(entry)),
  }));
}

/** `auth` is the Base64 of `username:password`. */
function credentialsOf(entry: JsonRecord): RegistryCredentials {
  const [auth, username, password] = [textIn(entry, 'auth'), textIn(entry, 'username'), textIn(entry, 'password')];
  if (!auth) return { username, password };
  const [name = '', ...rest] = Buffer.from(auth, 'base64').toString().split(':');
  return { username: name, password: rest.join(':') };
}

/** Docker's own registry goes by several names. */
const namesOfDefault: readonly string[] = [defaultRegistry, 'index.docker.io', 'registry-1.docker.io'];

/** `https://index.docker.io/v1/` → `docker.io`; the version of a registry's API says nothing. */
function normalizeServer(text: string): string {
  const [host = '', ...path] = text
    .replace(/^https?:\/\//, '')
    .replace(/\/+$/, '')
    .split('/');
  const own = path[0] === 'v1' || path[0] === 'v2' ? path.slice(1) : path;
  return [namesOfDefault.includes(host) ? defaultRegistry : host, ...own].join('/');
}

/** Where the image is: `busybox:1` → `docker.io/library/busybox:1`. */
function placeOf(image: string): string {
  const parsed = parseImageName(image);
  if ('error' in parsed) return image;
  const { name, registry } = parsed;
  if (name.startsWith(`${registry}/`)) return name;
  return `${registry}/${name.includes('/') ? name : `library/${name}`}`;
}

/** The host of `server` may have `*` for what is not a dot; its path is the beginning of the image's. */
function standsFor(server: string, place: string): boolean {
  const [serverHost, serverPath] = splitHost(server);
  const [host, path] = splitHost(place);
  const [patterns, parts] = [serverHost.split('.'), host.split('.')];
  if (patterns.length !== parts.length || !path.startsWith(serverPath)) return false;
  return patterns.every((pattern, index) => matchesPart(pattern, parts[index] ?? ''));
}

function splitHost(text: string): [host: string, path: string] {
  const slash = text.indexOf('/');
  return slash < 0 ? [text, ''] : [text.slice(0, slash), text.slice(slash + 1)];
}

function matchesPart(pattern: string, text: string): boolean {
  const [first = '', ...others] = pattern.split('*');
  const last = others.pop();
  if (last === undefined) return pattern === text;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const piece of others) {
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return text.length >= at + last.length && text.endsWith(last);
}
