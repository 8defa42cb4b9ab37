/**
 * As whom webhooks are called: the users of a file in the form of a kubeconfig, each named after the servers that it is
 * for, as upstream has it: `hook.shop.svc:8443`, `hook.example.com` (its port 443), `*.svc`, `*`. Whatever else is said
 * of a server (its address, who signed its certificate) is the webhook's own.
 */

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { isRecord, type JsonRecord } from '../../api/json-record.ts';
import { errorText } from '../../base/error-text.ts';
import { UserError } from '../../base/user-error.ts';
import { parseKubeconfig } from './parse-kubeconfig.ts';

/** What is shown to the server; a token or a password, not both. */
export interface WebhookUser {
  /** PEM, with its key. */
  readonly clientCertificate?: string | undefined;
  readonly clientKey?: string | undefined;
  readonly token?: string | undefined;
  readonly basic?: { readonly username: string; readonly password: string } | undefined;
}

export class WebhookUsers {
  readonly #users: ReadonlyMap<string, WebhookUser>;
  readonly #fallback: WebhookUser | undefined;

  /** `fallback`: of servers that no name fits. */
  constructor(users: Iterable<readonly [name: string, user: WebhookUser]> = [], fallback?: WebhookUser) {
    this.#users = new Map(users);
    this.#fallback = fallback;
  }

  /** `hostPort`: `hook.shop.svc:443`. The name itself goes before names with a star, of those the longest first. */
  userFor(hostPort: string): WebhookUser | undefined {
    const name = namesFor(hostPort).find((one) => this.#users.has(one));
    return name === undefined ? this.#fallback : this.#users.get(name);
  }
}

function namesFor(hostPort: string): string[] {
  const hosts = hostPort.endsWith(':443') ? [hostPort, hostPort.slice(0, -':443'.length)] : [hostPort];
  return [...hosts.flatMap((host) => [host, ...starredNames(host)]), '*'];
}

function starredNames(host: string): string[] {
  const [, ...parts] = host.split('.');
  return parts.map((_, index) => `*.${parts.slice(index).join('.')}`);
}

/**
 * All users of the file, with what it names, are read now and never again. Throws UserError, which names the file and
 * never shows what is in it.
 */
export function readWebhookUsers(path: string): WebhookUsers {
  const refuse = (why: string) => new UserError(`${path}: ${why}`);
  const read = (file: string) => {
    try {
      return readFileSync(resolve(dirname(path), file), 'utf8');
    } catch (error) {
      throw refuse(errorText(error));
    }
  };
  const root = parseKubeconfig(read(path));
  if (root === undefined) throw refuse('neither YAML nor JSON');
  const users = new Map<string, WebhookUser>();
  for (const [index, entry] of listOf(root, 'users').entries()) {
    const name = isRecord(entry) ? textOf(entry, 'name') : undefined;
    if (!isRecord(entry) || name === undefined) throw refuse(`users[${index}]: has no name`);
    const said = entry.user ?? {};
    if (!isRecord(said)) throw refuse(`user ${JSON.stringify(name)}: must be an object`);
    // Of two with one name the first is right, as in every kubeconfig.
    if (!users.has(name))
      users.set(
        name,
        readUser(said, read, (why) => refuse(`user ${JSON.stringify(name)}: ${why}`)),
      );
  }
  const current = listOf(root, 'contexts')
    .filter(isRecord)
    .find(({ name }) => name === root['current-context']);
  const context = isRecord(current?.context) ? textOf(current.context, 'user') : undefined;
  return new WebhookUsers(users, context === undefined ? undefined : users.get(context));
}

/** What another program or request would have to say of him. */
const unsupported = ['exec', 'auth-provider', 'as', 'as-uid', 'as-groups', 'as-user-extra'];

function readUser(said: JsonRecord, read: (file: string) => string, refuse: (why: string) => UserError): WebhookUser {
  const other = unsupported.find((field) => said[field] !== undefined && said[field] !== null);
  if (other !== undefined) throw refuse(`${other} is not supported`);
  const pem = (field: string) => {
    const data = textOf(said, `${field}-data`);
    if (data !== undefined) return Buffer.from(data, 'base64').toString();
    const file = textOf(said, field);
    return file === undefined ? undefined : read(file);
  };
  const [cert, key] = [pem('client-certificate'), pem('client-key')];
  if ((cert === undefined) !== (key === undefined)) throw refuse('client-certificate and client-key belong together');
  if (cert !== undefined && !isKeyPair(cert, key))
    throw refuse('client-certificate and client-key are no certificate in PEM with its key');
  const tokenFile = textOf(said, 'tokenFile');
  const token = textOf(said, 'token') ?? (tokenFile === undefined ? undefined : read(tokenFile).trim());
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) throw refuse('the token is not a word of ASCII');
  const [username = '', password = ''] = [textOf(said, 'username'), textOf(said, 'password')];
  const isBasic = username !== '' || password !== '';
  if (isBasic && token !== undefined) throw refuse('username/password or token may be set, but not both');
  return {
    ...(cert !== undefined && { clientCertificate: cert, clientKey: key }),
    ...(token !== undefined && { token }),
    ...(isBasic && { basic: { username, password } }),
  };
}

function isKeyPair(cert: string, key: string | undefined): boolean {
  try {
    createSecureContext({ cert, key });
    return true;
  } catch {
    return false;
  }
}

const listOf = (record: JsonRecord, field: string): readonly unknown[] => {
  const value = record[field];
  return Array.isArray(value) ? value : [];
};

const textOf = (record: JsonRecord, field: string): string | undefined => {
  const value = record[field];
  return typeof value === 'string' && value !== '' ? value : undefined;
};
