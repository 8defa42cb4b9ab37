/** Keeps one certificate in a file, asked of the cluster again at two thirds of its life, or when it will not do. */

import { readFile } from 'node:fs/promises';
import { computeBackoffMs } from '../base/backoff.ts';
import { isInForce, lifeOfCertificate, renewalTime } from '../base/certificate-life.ts';
import type { KeyPair } from '../base/certificates.ts';
import type { Clock } from '../base/clock.ts';
import { ifFilePresent } from '../base/if-file-present.ts';
import type { Logger } from '../base/logger.ts';
import { parseCertificate } from '../base/renewed-key-pair.ts';
import { writeAtomically } from '../base/write-atomically.ts';
import type { Client } from './client.ts';
import { type CertificateAsk, CertificateRefusedError, requestCertificate } from './requested-certificate.ts';

export interface KeptCertificate {
  /** Holds the certificate and its key. */
  readonly file: string;
  readonly ask: CertificateAsk;
  /** Whether one that is in force and young will not do all the same. */
  isUnfit(pair: KeyPair): boolean | Promise<boolean>;
  /** As whom it is asked for; closed after each time. */
  connect(): Promise<Client>;
  readonly clock: Clock;
  /** From 0 to 1; spreads renewals. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
  readonly logger: Logger;
}

export const certificateRetries = { baseMs: 1_000, maxMs: 60_000 };
/** How often it is looked whether something is to be done: the machine may sleep, its clock may be set. */
const lookMs = 5_000;
/** What was refused is asked again all the same: the refusal may have been a mistake. */
const refusedMs = 600_000;

/** Until `signal` aborts; never rejects. */
export async function keepCertificate(kept: KeptCertificate, signal: AbortSignal): Promise<void> {
  const { clock, logger, ask, random = Math.random } = kept;
  let failures = 0;
  let chance = random();
  let notBefore = 0;
  let waitMs = lookMs;
  while (!signal.aborted) {
    try {
      if (clock.now() >= notBefore && (await isDue(kept, chance))) {
        const { to } = lifeOfCertificate((await renew(kept, signal)).certificate);
        logger.info('A certificate was renewed', { signer: ask.signerName, until: new Date(to).toISOString() });
        chance = random();
        // A signer that backdates a short life would have it renewed at once, again and again.
        notBefore = clock.now() + (to - clock.now()) / 3;
      }
      failures = 0;
      waitMs = lookMs;
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      waitMs = error instanceof CertificateRefusedError ? refusedMs : computeBackoffMs(failures, certificateRetries);
      logger.warn('A certificate could not be renewed; trying again', { signer: ask.signerName, error });
    }
    await clock.sleep(waitMs, signal);
  }
}

async function isDue(kept: KeptCertificate, chance: number): Promise<boolean> {
  const pair = await readPairFile(kept.file);
  if (pair === undefined) return true;
  const life = lifeOfCertificate(pair.certificate);
  const now = kept.clock.now();
  return !isInForce(life, now) || now >= renewalTime(life, chance) || (await kept.isUnfit(pair));
}

async function renew({ connect, ask, file, clock }: KeptCertificate, signal: AbortSignal): Promise<KeyPair> {
  const client = await connect();
  try {
    const pair = await requestCertificate(client, ask, { clock, signal });
    await writePairFile(file, pair);
    return pair;
  } finally {
    await client.close();
  }
}

/** undefined when there is no file with a certificate and its key. */
export async function readPairFile(file: string): Promise<KeyPair | undefined> {
  const text = await ifFilePresent(readFile(file, 'utf8'));
  if (text === undefined) return undefined;
  const pair = { certificate: text, key: text };
  return parseCertificate(pair) === undefined ? undefined : pair;
}

/** In one step: no crash leaves one without the other. */
export async function writePairFile(file: string, { certificate, key }: KeyPair): Promise<void> {
  await writeAtomically(file, `${certificate.trimEnd()}\n${key.trimEnd()}\n`, 0o600);
}
