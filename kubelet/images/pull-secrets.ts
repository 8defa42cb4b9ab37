/**
 * Credentials for registries: from the pod's imagePullSecrets, and from what the cluster has for the pod's namespace.
 */

import { createHash } from 'node:crypto';
import { isRecord, type JsonRecord } from '../../api/json-record.ts';
import { compareText } from '../../base/compare.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import { eventSubject } from '../model/event-subject.ts';
import type { PodObject } from '../model/pod.ts';
import type { ClusterCredentials } from '../references/cluster-credentials.ts';
import type { ReferencedData } from '../references/referenced-data.ts';
import type { RegistryCredentials } from '../runtime/runtime.ts';
import { defaultRegistry, registryNames, repositoryOf } from './image-name.ts';

/** The Secret in which credentials are. */
export interface CredentialSource {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export interface PullCredentials {
  readonly credentials: RegistryCredentials;
  readonly source: CredentialSource;
  /** Of the credentials: the same ones have the same, wherever they are. */
  readonly hash: string;
}

export interface PullSecretsOptions {
  readonly data: Pick<ReferencedData, 'identifiedSecret'>;
  readonly cluster: Pick<ClusterCredentials, 'namesFor'>;
  readonly recorder: Recorder;
}

export class PullSecrets {
  readonly #options: PullSecretsOptions;

  constructor(options: PullSecretsOptions) {
    this.#options = options;
  }

  /**
   * All credentials that stand for the image, those first whose server says the most of its name, among equals the
   * pod's own before the cluster's. A secret that is missing, or says nothing that can be read, is told, and it is gone
   * on without it.
   */
  async credentialsFor(pod: PodObject, image: string): Promise<PullCredentials[]> {
    const { namespace = '' } = pod.metadata;
    const missing: string[] = [];
    const own = (pod.spec?.imagePullSecrets ?? []).map(({ name = '' }) => ({ namespace, name }));
    const ofCluster = await this.#options.cluster.namesFor(pod).catch(() => {
      missing.push("the cluster's own");
      return [];
    });
    const known: KnownCredentials[] = [];
    for (const key of [...own, ...ofCluster]) {
      try {
        const { uid, data } = await this.#options.data.identifiedSecret(key.namespace, key.name);
        known.push(...readCredentials(data).map((one) => ({ ...one, source: { ...key, uid } })));
      } catch {
        missing.push(key.name); // whatever the reason, users are told below
      }
    }
    if (missing.length > 0) {
      const message = `Unable to retrieve some image pull secrets (${missing.join(', ')}); attempting to pull the image may not succeed.`;
      const event = { type: 'Warning', reason: 'FailedToRetrieveImagePullSecret', message } as const;
      this.#options.recorder.record(eventSubject(pod), event);
    }
    const place = repositoryOf(image);
    return known
      .filter(({ server }) => standsFor(server, place))
      .sort((a, b) => compareText(b.server, a.server))
      .map(({ credentials, source }) => ({ credentials, source, hash: hashOf(credentials) }));
  }
}

/** As upstream's records have one: what it is of cannot be read from it, but a weak password could be found by trying. */
const hashOf = ({ username, password }: RegistryCredentials): string =>
  createHash('sha256')
    .update(JSON.stringify([username, password]))
    .digest('hex');

interface ReadCredentials {
  /** `registry.example.com`, `*.example.com:5000/team`. */
  readonly server: string;
  readonly credentials: RegistryCredentials;
}

interface KnownCredentials extends ReadCredentials {
  readonly source: CredentialSource;
}

/** Users write these: what is of another type counts as absent. */
const membersOf = (value: unknown): JsonRecord => (isRecord(value) ? value : {});

function textIn(members: JsonRecord, name: string): string {
  const value = members[name];
  return typeof value === 'string' ? value : '';
}

function readCredentials(data: ReadonlyMap<string, Buffer>): ReadCredentials[] {
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

/** `https://index.docker.io/v1/` → `docker.io`; the version of a registry's API says nothing. */
function normalizeServer(text: string): string {
  const [host = '', ...path] = text
    .replace(/^https?:\/\//, '')
    .replace(/\/+$/, '')
    .split('/');
  const own = path[0] === 'v1' || path[0] === 'v2' ? path.slice(1) : path;
  return [registryNames.includes(host) ? defaultRegistry : host, ...own].join('/');
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
