/**
 * The issuers outside the cluster that are believed now: of the flags, or of a file, which is read again while the server
 * runs. A file that cannot be used leaves what was said before it in force.
 */

import { readFile } from 'node:fs/promises';
import type { Clock } from '../../../base/clock.ts';
import type { Logger } from '../../../base/logger.ts';
import { followConfiguration } from '../../configuration/follow-configuration.ts';
import type { TokenAuthenticator } from '../authenticator.ts';
import {
  type AnonymousConfiguration,
  type AuthenticationConfiguration,
  type ConfiguredIssuer,
  parseAuthenticationConfiguration,
} from './authentication-configuration.ts';
import { IssuerKeys } from './issuer-keys.ts';
import { JwtTokens } from './jwt-tokens.ts';

export interface ConfiguredIssuersParts {
  readonly serverAudiences: readonly string[];
  /** Those of the cluster itself. */
  readonly ownIssuers: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
}

export class ConfiguredIssuers {
  readonly #parts: ConfiguredIssuersParts;
  readonly #file: string | undefined;
  #text: string | undefined;
  #authenticators: readonly TokenAuthenticator[] = [];
  #anonymous: AnonymousConfiguration | undefined;

  private constructor(parts: ConfiguredIssuersParts, file?: string) {
    this.#parts = parts;
    this.#file = file;
  }

  static of(issuers: readonly ConfiguredIssuer[], parts: ConfiguredIssuersParts): ConfiguredIssuers {
    const configured = new ConfiguredIssuers(parts);
    configured.#use({ issuers });
    return configured;
  }

  /** Throws when the file cannot be used. */
  static async open(file: string, parts: ConfiguredIssuersParts): Promise<ConfiguredIssuers> {
    const configured = new ConfiguredIssuers(parts, file);
    await configured.#read(file);
    return configured;
  }

  /** Another list when the configuration has changed, else the same one. */
  get authenticators(): readonly TokenAuthenticator[] {
    return this.#authenticators;
  }

  get anonymous(): AnonymousConfiguration | undefined {
    return this.#anonymous;
  }

  /** Reads the file again now and then, until `signal` aborts. Never rejects. */
  async follow(signal: AbortSignal): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    const reread = () => this.#read(file);
    await followConfiguration({ what: 'authentication configuration', reread, ...this.#parts }, signal);
  }

  /** Whether there is something new. */
  async #read(file: string): Promise<boolean> {
    const text = await readFile(file, 'utf8');
    if (text === this.#text) return false;
    this.#use(parseAuthenticationConfiguration(text, this.#parts.ownIssuers));
    this.#text = text;
    return true;
  }

  #use({ issuers, anonymous }: AuthenticationConfiguration): void {
    const { serverAudiences, clock } = this.#parts;
    this.#anonymous = anonymous;
    this.#authenticators = issuers.map(
      (issuer) => new JwtTokens({ ...issuer, keys: new IssuerKeys({ ...issuer, clock }), serverAudiences, clock }),
    );
  }
}
