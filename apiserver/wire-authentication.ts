/** Who is believed: the authenticators that the options ask for, and the issuer of service account tokens beside them. */

import { readFile } from 'node:fs/promises';
import type { Clock } from '../base/clock.ts';
import { errorText } from '../base/error-text.ts';
import type { Logger } from '../base/logger.ts';
import { type AuthoritySource, RenewedAuthority } from '../base/renewed-authority.ts';
import { UserError } from '../base/user-error.ts';
import type { Authentication } from './authentication/authentication.ts';
import type { TokenAuthenticator } from './authentication/authenticator.ts';
import { BearerTokens } from './authentication/bearer-tokens.ts';
import { BootstrapTokens } from './authentication/bootstrap-tokens.ts';
import { clientCertificates } from './authentication/client-certificates.ts';
import { FrontProxy, type FrontProxyParts } from './authentication/front-proxy.ts';
import { ConfiguredIssuers, type ConfiguredIssuersParts } from './authentication/jwt/configured-issuers.ts';
import { issuerOfFlags, type OidcFlags } from './authentication/jwt/oidc-flags.ts';
import { Refusals } from './authentication/refusals.ts';
import { type IssuerDocuments, issuerDocuments } from './authentication/service-accounts/issuer-documents.ts';
import { readKeyFiles } from './authentication/service-accounts/key-files.ts';
import { RotatingKeys } from './authentication/service-accounts/rotating-keys.ts';
import { ServiceAccountTokens } from './authentication/service-accounts/service-account-tokens.ts';
import { StoredKeys } from './authentication/service-accounts/stored-keys.ts';
import { TokenIssuer } from './authentication/service-accounts/token-issuer.ts';
import { parseTokenFile, StaticTokens } from './authentication/static-tokens.ts';
import { VerifiedTokens } from './authentication/verified-tokens.ts';
import type { AuthenticationInfo } from './bootstrap/authentication-info.ts';
import { untilStoreAnswers } from './bootstrap/until-store-answers.ts';
import type { ObjectReader } from './registry/object-reader.ts';
import type { Store } from './store/store.ts';

export interface ServiceAccountOptions {
  /** Whose tokens are believed; those that this server issues are of the first. Default: `https://kubernetes.default.svc`. */
  readonly issuers?: readonly string[] | undefined;
  /** PEM files of keys that are believed, read again when they change. Default: the one that signs. */
  readonly keyFiles?: readonly string[] | undefined;
  /** PEM file of the key that signs. Default: a key in the store, shared by all API servers of the cluster. */
  readonly signingKeyFile?: string | undefined;
  /** No token lives longer. */
  readonly maxTokenSeconds?: number | undefined;
  /** Where the issuer's keys are said to be. Default: below the issuer. */
  readonly jwksUri?: string | undefined;
}

export interface AuthenticationOptions {
  readonly serviceAccounts?: ServiceAccountOptions | undefined;
  /** What tokens for this server are meant for. Default: the first issuer. */
  readonly apiAudiences?: readonly string[] | undefined;
  /** Path of a file of tokens. */
  readonly tokenFile?: string | undefined;
  /** Default true. */
  readonly bootstrapTokens?: boolean | undefined;
  /** Whether requests without a credential go on as `system:anonymous`. Default true. */
  readonly anonymous?: boolean | undefined;
  /** An issuer of OpenID Connect outside the cluster. */
  readonly oidc?: OidcFlags | undefined;
  /** A proxy that has found out who sends a request. Default: none is believed. */
  readonly frontProxy?: FrontProxyOptions | undefined;
  /** Path of an AuthenticationConfiguration, instead of `oidc` and `anonymous`; read again when it changes. */
  readonly configurationFile?: string | undefined;
}

const defaultIssuer = 'https://kubernetes.default.svc';
const shortestMaxSeconds = 3600;

export interface FrontProxyOptions extends Pick<FrontProxyParts, 'allowedNames' | 'headers'> {
  readonly authority: AuthoritySource;
}

export interface AuthenticationParts {
  readonly clientAuthority: AuthoritySource;
  readonly options: AuthenticationOptions;
  readonly store: Store;
  readonly objects: ObjectReader;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Aborts when the server stops. */
  readonly stopping: AbortSignal;
}

export interface WiredAuthentication {
  readonly authentication: Authentication;
  readonly tokens: VerifiedTokens;
  readonly tokenIssuer: TokenIssuer;
  readonly issuerDocuments: IssuerDocuments | undefined;
  readonly info: AuthenticationInfo;
  /** Absent: keys are files. */
  readonly storedKeys: Pick<StoredKeys, 'report' | 'take'> | undefined;
  /** Settles after `stopping` has aborted. */
  readonly done: Promise<void>;
}

/** Throws a UserError for options that cannot be. */
export async function wireAuthentication(parts: AuthenticationParts): Promise<WiredAuthentication> {
  const { options, objects, clock, logger } = parts;
  const { serviceAccounts = {} } = options;
  const issuers = serviceAccounts.issuers?.length ? serviceAccounts.issuers : [defaultIssuer];
  const [issuer = defaultIssuer] = issuers;
  checkServiceAccounts(serviceAccounts, issuers);
  const serverAudiences = options.apiAudiences?.length ? options.apiAudiences : [issuer];
  // What a flag says wrongly is said before the store is waited for.
  const fileTokens = await staticTokens(options.tokenFile, serverAudiences);
  const configured = await openIssuers(options, { serverAudiences, ownIssuers: issuers, clock, logger });
  const stored = serviceAccounts.signingKeyFile === undefined ? new StoredKeys(parts) : undefined;
  const keys = await openKeys(serviceAccounts, stored, parts);
  const own: readonly TokenAuthenticator[] = [
    ...fileTokens,
    new ServiceAccountTokens({ keys, issuers, serverAudiences, objects, clock }),
    ...((options.bootstrapTokens ?? true) ? [new BootstrapTokens({ objects, serverAudiences, clock })] : []),
  ];
  const info = authenticationInfo(parts);
  const frontProxy = info.frontProxy && new FrontProxy({ ...info.frontProxy, clientAuthority: info.clientAuthority });
  const tokens = new VerifiedTokens({ authenticators: joined(own, configured), serverAudiences, clock });
  return {
    authentication: {
      authenticators: [
        ...(frontProxy === undefined ? [] : [frontProxy]),
        clientCertificates(frontProxy && ((socket) => frontProxy.mayBeClient(socket))),
        new BearerTokens(tokens),
      ],
      mayBeAnonymous: (path) => mayBeAnonymous(configured.anonymous, options, path),
      refusals: new Refusals({ clock, logger }),
    },
    tokens,
    tokenIssuer: new TokenIssuer({
      keys,
      issuer,
      serverAudiences,
      maxSeconds: serviceAccounts.maxTokenSeconds,
      clock,
      remember: async (seconds) => await stored?.remember(seconds),
    }),
    info,
    storedKeys: stored && {
      report: () => stored.report(),
      async take(step, force) {
        const report = await stored.take(step, force);
        await keys.changed();
        return report;
      },
    },
    issuerDocuments: issuerDocuments({ issuer, jwksUri: serviceAccounts.jwksUri, keys }),
    done: Promise.all([configured.follow(parts.stopping), keys.follow(parts.stopping)]).then(() => undefined),
  };
}

function authenticationInfo({ options, clientAuthority, clock, logger }: AuthenticationParts): AuthenticationInfo {
  const renewed = (source: AuthoritySource) => new RenewedAuthority(source, { clock, logger });
  const { frontProxy } = options;
  return {
    clientAuthority: renewed(clientAuthority),
    frontProxy: frontProxy && { ...frontProxy, authority: renewed(frontProxy.authority) },
  };
}

function checkServiceAccounts(options: ServiceAccountOptions, issuers: readonly string[]): void {
  const { keyFiles = [], signingKeyFile, maxTokenSeconds, jwksUri } = options;
  for (const issuer of issuers) {
    if (issuer === '') throw new UserError('--service-account-issuer must not be empty');
    if (issuer.includes(':') && !URL.canParse(issuer))
      throw new UserError(`--service-account-issuer ${JSON.stringify(issuer)} contains a ":" but is not a valid URL`);
  }
  if (new Set(issuers).size < issuers.length) throw new UserError('--service-account-issuer names an issuer twice');
  if (keyFiles.length > 0 && signingKeyFile === undefined)
    throw new UserError(
      '--service-account-key-file needs --service-account-signing-key-file: tokens are signed with it',
    );
  if (maxTokenSeconds !== undefined && !(maxTokenSeconds >= shortestMaxSeconds && maxTokenSeconds <= 2 ** 32))
    throw new UserError('--service-account-max-token-expiration must be between 1 hour and 2^32 seconds');
  if (jwksUri !== undefined && !(URL.canParse(jwksUri) && new URL(jwksUri).protocol === 'https:'))
    throw new UserError(`--service-account-jwks-uri ${JSON.stringify(jwksUri)} must be an https URL`);
}

async function openKeys(
  { signingKeyFile = '', keyFiles = [] }: ServiceAccountOptions,
  stored: StoredKeys | undefined,
  { clock, logger }: AuthenticationParts,
): Promise<RotatingKeys> {
  if (stored !== undefined) {
    const read = () => stored.read();
    return await untilStoreAnswers(() => RotatingKeys.open({ read, clock, logger }), { clock, logger });
  }
  const read = () => readKeyFiles({ signingKeyFile, keyFiles });
  try {
    return await RotatingKeys.open({ read, clock, logger });
  } catch (error) {
    throw new UserError(errorText(error));
  }
}

async function staticTokens(path: string | undefined, serverAudiences: readonly string[]): Promise<StaticTokens[]> {
  if (path === undefined) return [];
  try {
    return [new StaticTokens(parseTokenFile(await readFile(path, 'utf8')), serverAudiences)];
  } catch (error) {
    throw new UserError(`--token-auth-file ${path} cannot be used: ${errorText(error)}`);
  }
}

/** Throws a UserError. */
async function openIssuers(
  { oidc, configurationFile, anonymous }: AuthenticationOptions,
  parts: ConfiguredIssuersParts,
): Promise<ConfiguredIssuers> {
  if (configurationFile === undefined) return ConfiguredIssuers.of(oidc ? [issuerOfFlags(oidc)] : [], parts);
  if (oidc !== undefined) throw new UserError('--authentication-config and the flags --oidc-… exclude each other');
  let configured: ConfiguredIssuers;
  try {
    configured = await ConfiguredIssuers.open(configurationFile, parts);
  } catch (error) {
    throw new UserError(`--authentication-config ${configurationFile} cannot be used: ${errorText(error)}`);
  }
  if (configured.anonymous !== undefined && anonymous === false)
    throw new UserError('--anonymous-auth and the field anonymous of --authentication-config exclude each other');
  return configured;
}

/** All authenticators, in a list that is the same until those of the configuration change. */
function joined(
  own: readonly TokenAuthenticator[],
  configured: ConfiguredIssuers,
): () => readonly TokenAuthenticator[] {
  let [others, all] = [configured.authenticators, [...own, ...configured.authenticators]];
  return () => {
    if (others !== configured.authenticators) {
      others = configured.authenticators;
      all = [...own, ...others];
    }
    return all;
  };
}

function mayBeAnonymous(
  configured: ConfiguredIssuers['anonymous'],
  { anonymous = true }: AuthenticationOptions,
  path: string,
): boolean {
  if (configured === undefined) return anonymous;
  return configured.enabled && (configured.paths.length === 0 || configured.paths.includes(path));
}
