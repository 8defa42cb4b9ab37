/**
 * Whether a pod may run an image that is on the node without asking the registry: what was pulled with credentials is not
 * for pods that do not have them. As upstream's `imagePullCredentialsVerificationPolicy`. Pure.
 */

import type { VerificationPolicy } from '../../api/image-verification.ts';
import { repositoryOf } from './image-name.ts';
import type { CredentialSource, PullCredentials } from './pull-secrets.ts';

export interface Verification {
  readonly policy: VerificationPolicy;
  /** For `NeverVerifyAllowlistedImages`: repositories, without a tag; with `/*` at the end all below. */
  readonly allowlist: readonly string[];
}

export const usualVerification: Verification = { policy: 'NeverVerifyPreloadedImages', allowlist: [] };

/** One Secret by which an image was pulled. */
export interface RecordedSecret extends CredentialSource {
  readonly hash: string;
}

/** By whom an image was pulled from one repository. */
export interface RecordedAccess {
  /** Without credentials: it is for everybody. */
  readonly anybody: boolean;
  readonly secrets: readonly RecordedSecret[];
}

export interface PullRecord {
  readonly imageId: string;
  /** By `repositoryOf` of the names by which it was pulled. */
  readonly repositories: Readonly<Record<string, RecordedAccess>>;
}

/** What is known of an image on the node. */
export interface KnownImage {
  /** As the pod names it. */
  readonly name: string;
  readonly record: PullRecord | undefined;
  /** A pull of that name began, and how it ended is not known. */
  readonly isBeingPulled: boolean;
}

/** `byCredentials`: if the pod has what the image was pulled with. */
export type Access = 'allowed' | 'mustPull' | 'byCredentials';

export function judgeAccess({ name, record, isBeingPulled }: KnownImage, verification: Verification): Access {
  const isPreloaded = record === undefined && !isBeingPulled;
  if (!mustVerify(name, isPreloaded, verification)) return 'allowed';
  const repository = repositoryOf(name);
  const access = record && Object.hasOwn(record.repositories, repository) ? record.repositories[repository] : undefined;
  if (access === undefined) return 'mustPull';
  if (access.anybody) return 'allowed';
  return access.secrets.length === 0 ? 'mustPull' : 'byCredentials';
}

function mustVerify(name: string, isPreloaded: boolean, { policy, allowlist }: Verification): boolean {
  switch (policy) {
    case 'NeverVerify':
      return false;
    case 'AlwaysVerify':
      return true;
    case 'NeverVerifyPreloadedImages':
      return !isPreloaded;
    case 'NeverVerifyAllowlistedImages':
      return !isPreloaded || !allowlist.some((entry) => isListed(repositoryOf(name), entry));
  }
}

function isListed(repository: string, entry: string): boolean {
  if (entry.endsWith('/*')) return repository.startsWith(entry.slice(0, -1));
  return repository === repositoryOf(entry);
}

/**
 * Of what the pod offers, what the image was pulled with: the same credentials, wherever they are, or the same Secret,
 * whose contents may have been renewed. Undefined: nothing.
 */
export function findKnown(
  { secrets }: RecordedAccess,
  offered: readonly PullCredentials[],
): PullCredentials | undefined {
  return offered.find(
    (one) => secrets.some(({ hash }) => hash === one.hash) || secrets.some((known) => isSame(known, one.source)),
  );
}

const isSame = (a: CredentialSource, b: CredentialSource): boolean =>
  a.uid === b.uid && a.namespace === b.namespace && a.name === b.name;

/** The record once the image was pulled from there with these; undefined: without any. */
export function withAccess(
  record: PullRecord,
  name: string,
  used: Pick<PullCredentials, 'source' | 'hash'> | undefined,
): PullRecord {
  const repository = repositoryOf(name);
  const before = Object.hasOwn(record.repositories, repository) ? record.repositories[repository] : undefined;
  const secrets = before?.secrets ?? [];
  const others = used === undefined ? secrets : secrets.filter((one) => !isSame(one, used.source));
  const access: RecordedAccess = {
    anybody: used === undefined || (before?.anybody ?? false),
    secrets: used === undefined ? others : [...others, { ...used.source, hash: used.hash }],
  };
  return { ...record, repositories: { ...record.repositories, [repository]: access } };
}
