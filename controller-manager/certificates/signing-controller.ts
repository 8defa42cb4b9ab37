/**
 * Signs approved requests of the signers of kubernetes.io. The only part of the cluster that reads an authority's key while
 * it runs: requests of people and nodes are answered with it, and it never leaves this process.
 */

import { certificateSigningRequests } from '../../api/resources/certificates.ts';
import { parseCertificateRequest } from '../../base/certificate-request.ts';
import { signCertificateRequest } from '../../base/certificate-signing.ts';
import { errorText } from '../../base/error-text.ts';
import type { KeyPairFiles } from '../../base/renewed-key-pair.ts';
import { signingAuthority } from '../../base/signing-authority.ts';
import { type Controller, keyOfChange } from '../../client/controller.ts';
import { ifPresent } from '../../client/if-present.ts';
import { TerminalError } from '../../client/reconciler.ts';
import type { ControllerContext } from '../controller-context.ts';
import { conditionOf, isIssued, type Request, requestText, withCondition } from './request-state.ts';
import { isOurSigner, kubeletServingSigner, whyNotSigned } from './signers.ts';

export interface SigningSettings {
  /** Signs client certificates: the bundle of authorities, and the key of one of them. Absent: nothing is signed. */
  readonly authority: KeyPairFiles | undefined;
  /** Signs the certificates of kubelets' servers. Default: the same. */
  readonly kubeletServingAuthority: KeyPairFiles | undefined;
  /** How long certificates are good, unless a shorter life is asked for. */
  readonly durationMs: number;
}

/** Twice the time by which certificates are backdated. */
const shortestAskedMs = 600_000;

export function createSigningController(
  context: ControllerContext,
  settings: SigningSettings,
): Pick<Controller, 'run'> {
  const { client, clock, logger, informers, controller } = context;
  const { authority: clients, kubeletServingAuthority: serving = clients } = settings;
  if (clients === undefined || serving === undefined) {
    logger.info('No certificates are signed: there is no --cluster-signing-cert-file and --cluster-signing-key-file');
    return { run: async () => {} };
  }
  const requests = informers.of(certificateSigningRequests);
  const authorities = {
    clients: signingAuthority(clients, { clock, logger }),
    serving: signingAuthority(serving, { clock, logger }),
  };

  async function reconcile(name: string) {
    const request = requests.get(name);
    if (request === undefined || !isToBeSigned(request)) return {};
    const { signerName, usages = [], expirationSeconds } = request.spec;
    const facts = parse(request);
    const why = whyNotSigned(signerName, facts, usages);
    if (why !== undefined) {
      const condition = { type: 'Failed', reason: 'SignerValidationFailure', message: why };
      await write(request, { conditions: withCondition(request, condition) });
      return {};
    }
    const authority = signerName === kubeletServingSigner ? authorities.serving : authorities.clients;
    const certificate = await signCertificateRequest(await authority.current(), facts, {
      usages,
      validForMs: computeLifeMs(expirationSeconds, settings.durationMs),
      now: clock.now(),
    });
    await write(request, { certificate: Buffer.from(certificate).toString('base64') });
    return {};
  }

  /** Only what was read is signed: somebody may have changed the request meanwhile. */
  async function write({ metadata: { name, resourceVersion, uid } }: Stored, status: Record<string, unknown>) {
    const body = { metadata: { resourceVersion, uid }, status };
    const options = { subresource: 'status' };
    await ifPresent(client.patch(certificateSigningRequests, { name }, { type: 'merge', body }, options));
  }

  return controller({ reconciler: { reconcile }, workers: 2 }).watch(requests, keyOfChange);
}

type Stored = Request & {
  readonly metadata: { readonly name: string; readonly uid: string; readonly resourceVersion: string };
};

function isToBeSigned(request: Request): boolean {
  return (
    isOurSigner(request.spec.signerName) &&
    !isIssued(request) &&
    conditionOf(request, 'Approved')?.status === 'True' &&
    conditionOf(request, 'Denied') === undefined &&
    conditionOf(request, 'Failed')?.status !== 'True'
  );
}

function parse(request: Request) {
  try {
    return parseCertificateRequest(requestText(request));
  } catch (cause) {
    throw new TerminalError(`unable to parse csr: ${errorText(cause)}`, { cause });
  }
}

/** What was asked for, no longer than the signer gives, and no shorter than makes sense. */
export function computeLifeMs(expirationSeconds: number | undefined, durationMs: number): number {
  if (expirationSeconds === undefined) return durationMs;
  return Math.min(durationMs, Math.max(shortestAskedMs, expirationSeconds * 1000));
}
