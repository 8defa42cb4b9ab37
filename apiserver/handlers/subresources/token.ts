/** `serviceaccounts/<name>/token`: a token for an account, bound to what it is for. */

import type { KubernetesObject } from '../../../api/object.ts';
import { parseApiVersion, type Resource } from '../../../api/resource.ts';
import { nodes, pods, secrets } from '../../../api/resources/core.ts';
import { badRequest, conflict, notFound } from '../../../api/status-error.ts';
import { formatTime } from '../../../api/time.ts';
import type { TokenRequest } from '../../../api/types/authentication/v1.ts';
import { FieldErrors, FieldPath, invalidObject } from '../../../machinery/field-errors.ts';
import { objectSchemaOf } from '../../../machinery/schema/schema.ts';
import type { TokenClaims } from '../../authentication/service-accounts/claims.ts';
import type { TokenIssuer } from '../../authentication/service-accounts/token-issuer.ts';
import type { ExpectedType } from '../../decoding/decode-object.ts';
import type { ObjectReader } from '../../registry/object-reader.ts';
import type { Registries } from '../../registry/registries.ts';
import type { Target } from '../../registry/target.ts';
import type { ApiRequest } from '../../request/api-request.ts';
import { parseWriteOptions } from '../../request/write-options.ts';
import { negotiate } from '../../responses/negotiation.ts';
import { sendValue } from '../../responses/object-answers.ts';
import { admitCreation } from '../admit-creation.ts';
import type { ServerOf } from '../resource-server.ts';
import { placeInNamespace, readObject } from '../write.ts';

const tokenRequestType: ExpectedType<TokenRequest> = {
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenRequest',
  get schema() {
    return objectSchemaOf('io.k8s.api.authentication.v1.TokenRequest');
  },
};
const defaultSeconds = 3600;
const shortestSeconds = 600;

export const createTokenServer = (registries: Registries, tokenIssuer: TokenIssuer): ServerOf<'token'> => ({
  async create(request, target) {
    const output = negotiate(request.header('accept'), ['object']);
    const options = parseWriteOptions(request.query, 'CreateOptions');
    const wanted = await readObject(request, tokenRequestType, options);
    placeInNamespace(wanted, target);
    checkName(wanted, target);
    const account = await registries.of(target.kind).read(target);
    const { uid } = account.metadata;
    checkUid(wanted, uid, target);
    wanted.metadata = {
      ...wanted.metadata,
      name: target.name,
      uid,
      creationTimestamp: formatTime(request.clock.now()),
    };
    checkExpiration(wanted);
    const posted = { target, subresource: 'token', object: wanted, dryRun: options.dryRun };
    await admitCreation(registries.admission, request, posted);
    // Only now, as upstream: admission judges what was asked for, and kubelets ask for none by name.
    const audiences = audiencesOf(wanted, tokenIssuer);
    const { boundObjectRef: reference, expirationSeconds = defaultSeconds } = wanted.spec ?? {};
    const claims: TokenClaims = {
      namespace: target.namespace ?? '',
      serviceaccount: { name: target.name, uid },
      ...(await boundObject(registries, reference, target)),
    };
    const seconds = shortened(expirationSeconds, tokenIssuer.maxSeconds, request);
    const { token, expiresAt } = await tokenIssuer.issue(claims, audiences, seconds);
    const answer = {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: wanted.metadata,
      spec: { audiences, expirationSeconds: seconds, boundObjectRef: reference ?? null },
      status: { token, expirationTimestamp: formatTime(expiresAt.getTime()) },
    };
    await sendValue(request, 201, answer, output);
  },
});

const audiencesOf = ({ spec }: TokenRequest, { serverAudiences }: TokenIssuer): string[] =>
  spec?.audiences?.length ? spec.audiences : [...serverAudiences];

function checkName({ metadata }: TokenRequest, { name }: Target): void {
  if (!metadata?.name || metadata.name === name) return;
  const errors = new FieldErrors();
  errors.invalid(FieldPath.of('metadata', 'name'), metadata.name, 'must match the service account name if specified');
  throw invalidObject(tokenRequestType, name, errors.list);
}

/** Whoever says which account is meant gets no token for another one of that name. */
function checkUid({ metadata }: TokenRequest, uid: string, { name }: Target): void {
  if (!metadata?.uid || metadata.uid === uid) return;
  const why = `the UID in the token request (${metadata.uid}) does not match the UID of the service account (${uid})`;
  throw conflict({ group: tokenRequestType.group, plural: tokenRequestType.kind }, name, why);
}

function checkExpiration({ spec }: TokenRequest): void {
  const seconds = spec?.expirationSeconds ?? defaultSeconds;
  const errors = new FieldErrors();
  const path = FieldPath.of('spec', 'expirationSeconds');
  if (seconds < shortestSeconds) errors.invalid(path, seconds, 'may not specify a duration less than 10 minutes');
  if (seconds > 2 ** 32) errors.invalid(path, seconds, 'may not specify a duration larger than 2^32 seconds');
  if (!errors.empty) throw invalidObject(tokenRequestType, '', errors.list);
}

function shortened(seconds: number, maxSeconds: number | undefined, request: ApiRequest): number {
  if (maxSeconds === undefined || seconds <= maxSeconds) return seconds;
  request.warn(`requested expiration of ${seconds} seconds shortened to ${maxSeconds} seconds`);
  return maxSeconds;
}

type Reference = NonNullable<TokenRequest['spec']>['boundObjectRef'];

async function boundObject(objects: ObjectReader, reference: Reference, target: Target): Promise<Partial<TokenClaims>> {
  if (reference === undefined || reference === null) return {};
  const { kind = '', apiVersion = '', name = '' } = reference;
  const { group, version } = parseApiVersion(apiVersion) ?? { group: '', version: '' };
  const claim = async <T extends KubernetesObject>(resource: Resource<T>, namespace?: string) => {
    if (name === '') throw badRequest('Name parameter required.');
    const found = await objects.find(resource, { namespace, name });
    if (found === undefined) throw notFound(resource, name);
    return { found, named: { name, uid: found.metadata.uid } };
  };
  switch (group === '' && kind) {
    case 'Pod': {
      const { found, named } = await claim(pods, target.namespace);
      if (found.spec?.serviceAccountName !== target.name) {
        throw badRequest(
          `cannot bind token for serviceaccount ${JSON.stringify(target.name)} to pod running with different serviceaccount name.`,
        );
      }
      checkReferredUid(reference, named);
      const { nodeName } = found.spec;
      const node = nodeName ? await objects.find(nodes, { name: nodeName }) : undefined;
      return { pod: named, ...(node && { node: { name: node.metadata.name, uid: node.metadata.uid } }) };
    }
    case 'Secret': {
      const { named } = await claim(secrets, target.namespace);
      checkReferredUid(reference, named);
      return { secret: named };
    }
    case 'Node': {
      const { named } = await claim(nodes);
      checkReferredUid(reference, named);
      return { node: named };
    }
    default:
      throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${kind}`);
  }
}

function checkReferredUid({ kind = '', uid }: NonNullable<Reference>, found: { name: string; uid: string }): void {
  if (!uid || uid === found.uid) return;
  const why = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
  throw conflict({ group: '', plural: kind }, found.name, why);
}
