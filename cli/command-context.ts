/** What every command works with: where to write, which cluster and namespace, and when to give up. */

import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { silentLogger } from '../base/logger.ts';
import type { Output, Terminal } from '../base/terminal.ts';
import { UserError } from '../base/user-error.ts';
import { userAgentOf } from '../base/version.ts';
import type { Client } from '../client/client.ts';
import type { Connection } from '../client/connection.ts';
import { type Arguments, durationMs, isSet, textOf, textsOf } from './arguments.ts';
import type { CommandOptions } from './flag-words.ts';
import { findKubeconfig } from './kubeconfig-search.ts';
import { pathSegment } from './path-segment.ts';
import { printableOutput } from './printable-text.ts';
import { readError } from './read-error.ts';

/** How a command is called. */
export interface KnownCommand {
  readonly usage: string;
  readonly options?: CommandOptions;
}

export interface CommandContextOptions extends Terminal {
  readonly args: Arguments;
  /** All that there are. */
  readonly commands: readonly KnownCommand[];
  /** Default: the process's own. */
  readonly input?: Readable | undefined;
  readonly environment?: NodeJS.ProcessEnv;
}

/** What was asked for is data to be read by a program, which gets it as it is; people get what is safe to look at. */
const isForPrograms = (args: Arguments): boolean =>
  !['', 'wide', 'name'].includes(textOf(args, 'output') ?? '') ||
  ['raw', 'template', 'template_file', 'json', 'yaml'].some((name) => textOf(args, name) !== undefined);

export class CommandContext implements Terminal {
  readonly out: Output;
  readonly errors: Output;
  readonly signal: AbortSignal;
  readonly commands: readonly KnownCommand[];
  readonly #input: Readable | undefined;
  readonly #args: Arguments;
  readonly #environment: NodeJS.ProcessEnv;
  #connection: Promise<Connection> | undefined;
  #client: Promise<Client> | undefined;

  constructor({ args, commands, out, errors, signal, input, environment = process.env }: CommandContextOptions) {
    this.#args = args;
    this.commands = commands;
    this.out = out.isTTY !== true && isForPrograms(args) ? out : printableOutput(out);
    this.errors = printableOutput(errors);
    this.signal = signal;
    this.#input = input;
    this.#environment = environment;
  }

  /** Opened when it is first asked for. */
  get input(): Readable {
    return this.#input ?? process.stdin;
  }

  get environment(): NodeJS.ProcessEnv {
    return this.#environment;
  }

  /** The namespace that the command line names. */
  get namedNamespace(): string | undefined {
    return textOf(this.#args, 'namespace');
  }

  /** The namespace that was named, or the connection's own, or `default`; undefined with `--all-namespaces`. */
  async namespace(): Promise<string | undefined> {
    if (isSet(this.#args, 'all-namespaces')) return undefined;
    const named = textOf(this.#args, 'namespace') ?? (await this.connection()).namespace ?? 'default';
    return pathSegment('namespace', named);
  }

  /** The namespace for something that has to be in exactly one. */
  async oneNamespace(): Promise<string> {
    const namespace = await this.namespace();
    if (namespace === undefined) throw new UserError('This needs one namespace: use -n instead of --all-namespaces');
    return namespace;
  }

  connection(): Promise<Connection> {
    this.#connection ??= this.#connect();
    return this.#connection;
  }

  client(): Promise<Client> {
    this.#client ??= this.#openClient();
    return this.#client;
  }

  async close(): Promise<void> {
    if (this.#client === undefined) return;
    try {
      await (await this.#client).close();
    } catch {
      // It never opened, which its user was told.
    }
  }

  async #openClient(): Promise<Client> {
    const connection = await this.connection();
    const { createRestClient } = await import('../client/rest-client.ts');
    const onWarning = (text: string) => this.errors.write(`Warning: ${text}\n`);
    const timeoutMs = durationMs(textOf(this.#args, 'request-timeout') ?? '0', '--request-timeout');
    return createRestClient(connection, {
      userAgent: userAgentOf('kubecfg'),
      logger: silentLogger,
      onWarning,
      ...(timeoutMs > 0 && { timeoutMs }),
    });
  }

  async #connect(): Promise<Connection> {
    const host = textOf(this.#args, 'host') ?? this.#environment.KUBERNETES_MASTER;
    const found = await findKubeconfig(textOf(this.#args, 'kubeconfig'), this.#environment);
    if (found.path === undefined && host === undefined) {
      throw new UserError(
        `No cluster to talk to: there is no kubeconfig (looked for ${found.tried.join(', ')}).\n` +
          'Start a cluster with "npm start", or name one with --kubeconfig FILE or -h HOST.',
      );
    }
    const base = found.path === undefined ? { servers: [] } : await this.#readKubeconfig(found.paths);
    return {
      ...this.#withToken(base),
      ...(host !== undefined && { servers: [/^https?:\/\//.test(host) ? host : `https://${host}`] }),
      ...(await this.#authFile()),
      ...(await this.#pemFlag('certificateAuthority', 'certificate-authority')),
      ...(await this.#pemFlag('clientCertificate', 'client-certificate')),
      ...(await this.#pemFlag('clientKey', 'client-key')),
      ...this.#impersonation(),
      ...(isSet(this.#args, 'insecure-skip-tls-verify') && { insecureSkipTlsVerify: true }),
    };
  }

  async #readKubeconfig(paths: readonly string[]): Promise<Connection> {
    const { readKubeconfig } = await import('../client/kubeconfig.ts');
    // Flags may name another certificate, and a command is over before one is renewed.
    const {
      clientFiles: _,
      authorityFile: _authority,
      ...connection
    } = await readKubeconfig(paths, textOf(this.#args, 'context'));
    return connection;
  }

  /** With the token of the command line in the place of what the kubeconfig says who it is. */
  #withToken(base: Connection): Connection {
    const token = textOf(this.#args, 'token');
    if (token === undefined) return base;
    const { tokenFile: _file, clientCertificate: _certificate, clientKey: _key, ...anybody } = base;
    return { ...anybody, token };
  }

  #impersonation(): Pick<Connection, 'impersonate'> {
    const [user, uid, groups] = [
      textOf(this.#args, 'as'),
      textOf(this.#args, 'as-uid'),
      textsOf(this.#args, 'as-group'),
    ];
    if (user !== undefined) return { impersonate: { user, uid, groups } };
    if (uid === undefined && groups.length === 0) return {};
    throw new UserError(
      'error: requesting uid, groups or user-extra for a user without impersonating a user: use --as',
    );
  }

  async #pemFlag(field: keyof Connection, flag: string): Promise<Partial<Connection>> {
    const path = textOf(this.#args, flag);
    return path === undefined ? {} : { [field]: await readNamed(path, `--${flag}`) };
  }

  async #authFile(): Promise<Partial<Connection>> {
    const path = textOf(this.#args, 'auth');
    if (path === undefined) return {};
    const { readAuthFile } = await import('./auth-file.ts');
    return await readAuthFile(path, this);
  }
}

async function readNamed(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw readError(what, path, cause);
  }
}
