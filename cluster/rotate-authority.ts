/**
 * Replaces an authority of a cluster that runs, in three steps, each of which may be repeated after a crash:
 *
 *   trust   a new authority is made, and trusted beside the one that signs        ca.crt: old, new     ca.key: old
 *   switch  its key takes the place of the other's; all certificates are made again   ca.crt: new, old     ca.key: new
 *   drop    the old one is trusted no more                                         ca.crt: new          ca.key: new
 *
 * Between two steps everybody has to have heard of the one before. Which step is next is read from the files.
 */

import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ifFilePresent } from '../base/if-file-present.ts';
import { certificatesOf } from '../base/pem.ts';
import { findAuthority } from '../base/signing-authority.ts';
import { UserError } from '../base/user-error.ts';
import { writeAtomically } from '../base/write-atomically.ts';
import { type Authority, type AuthorityName, bundleOf, readAuthority } from './authorities.ts';
import { withPkiLock } from './pki-files.ts';
import { refreshKubeconfigs } from './refresh-kubeconfigs.ts';
import { renewLeaves } from './renew-certificates.ts';

export const rotationSteps = ['trust', 'switch', 'drop'] as const;
export type RotationStep = (typeof rotationSteps)[number];

export interface RotationOptions {
  readonly dataDir: string;
  readonly authority: AuthorityName;
  /** Wall time in milliseconds. */
  readonly now: number;
}

interface Files {
  readonly authority: Authority;
  /** Of an authority that is trusted and does not sign yet. */
  readonly nextKeyFile: string;
  readonly nextKey: string | undefined;
}

/** Which comes next. */
export async function nextStep({ dataDir, authority }: RotationOptions): Promise<RotationStep> {
  return stepOf(await readFiles(dataDir, authority));
}

/** Pure. */
function stepOf({ authority, nextKey }: Files): RotationStep {
  const isTrusted = nextKey !== undefined && findAuthority(authority.bundle, nextKey) !== undefined;
  if (isTrusted) return 'switch';
  const [first] = certificatesOf(authority.bundle);
  // The order of the bundle is changed last: a switch that was cut off is taken again.
  if (first !== authority.certificate) return 'switch';
  // A key without a certificate in the bundle is what a crash left: another is made.
  return certificatesOf(authority.bundle).length > 1 ? 'drop' : 'trust';
}

/** Throws a UserError when it is not that step's turn. Resolves with the bundle that is trusted now. */
export async function takeStep(step: RotationStep, options: RotationOptions): Promise<string> {
  const { dataDir, authority: name } = options;
  const bundle = await withPkiLock(join(dataDir, 'pki'), async () => {
    const files = await readFiles(dataDir, name);
    const next = stepOf(files);
    if (next !== step) throw new UserError(`The next step for ${name} is "${next}", not "${step}"`);
    return await { trust: trustNext, switch: switchTo, drop: dropOthers }[step](files, options);
  });
  await refreshKubeconfigs(dataDir);
  return bundle;
}

async function trustNext(
  { authority, nextKeyFile }: Files,
  { authority: name, now }: RotationOptions,
): Promise<string> {
  const { createAuthority } = await import('../base/certificates.ts');
  const next = await createAuthority(`longshore-${name}-${new Date(now).toISOString().replace(/[:.-]/g, '')}`, now);
  await writeAtomically(nextKeyFile, next.key, 0o600);
  return await writeBundle(authority, bundleOf(authority.certificate, authority.bundle, next.certificate));
}

async function switchTo({ authority, nextKeyFile, nextKey }: Files, options: RotationOptions): Promise<string> {
  if (nextKey !== undefined) await rename(nextKeyFile, authority.keyFile);
  const signing = findAuthority(authority.bundle, nextKey ?? authority.key);
  if (signing === undefined) throw new Error('The key of the next authority is no key of the bundle');
  await renewLeaves({ ...options, names: [], onlyExpired: false });
  return await writeBundle(authority, bundleOf(signing.certificate, authority.bundle));
}

async function dropOthers({ authority, nextKeyFile }: Files): Promise<string> {
  await rm(nextKeyFile, { force: true });
  return await writeBundle(authority, bundleOf(authority.certificate));
}

async function writeBundle({ certificateFile }: Authority, bundle: string): Promise<string> {
  await writeAtomically(certificateFile, bundle, 0o644);
  return bundle;
}

async function readFiles(dataDir: string, name: AuthorityName): Promise<Files> {
  const folder = join(dataDir, 'pki');
  const authority = await readAuthority(folder, name);
  if (authority === undefined) throw new UserError(`${folder} holds no authority ${name}: is it the data directory?`);
  const nextKeyFile = join(folder, `${name}-next.key`);
  return { authority, nextKeyFile, nextKey: await ifFilePresent(readFile(nextKeyFile, 'utf8')) };
}
