/** `serviceaccounts/<name>/token`: a token for an account, bound to what it is for. */

import type { KubernetesObject } from '../../../api/object.ts';
import { parseApiVersion, type Resource } from '../../../api/resource.ts';
import { nodes, pods, secrets } from '../../../api/resources/core.ts';
import { badRequest, conflict, notFound } from '../../../api/status-error.ts';
import { formatTime } from '../../../api/time.ts';
import type { TokenRequest } from '../../../api/types/authentication/v1.ts';
import { FieldErrors, FieldPath, invalidObject } from '../../../machinery/field-errors.ts';
import { objectSchemaOf } from '../../../machinery/schema/schema.ts';
import { issuer, type TokenClaims } from '../../authentication/service-account-tokens.ts';
import type { TokenIssuer } from '../../authentication/token-issuer.ts';
import type { ExpectedType } from '../../decoding/decode-object.ts';
import type { ObjectReader } from '../../registry/object-reader.ts';
import type { Registries } from '../../registry/registries.ts';
import type { Target } from '../../registry/target.ts';
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
    const account = await registries.of(target.kind).read(target);
    const posted = { target, subresource: 'token', object: wanted, dryRun: options.dryRun };
    await admitCreation(registries.admission, request, posted);
    const seconds = wanted.spec?.expirationSeconds ?? defaultSeconds;
    checkRequest(wanted, seconds, target);
    const audiences = wanted.spec?.audiences?.length ? wanted.spec.audiences : [issuer];
    const claims: TokenClaims = {
      namespace: target.namespace ?? '',
      serviceaccount: { name: target.name, uid: account.metadata.uid },
      ...(await boundObject(registries, wanted.spec?.boundObjectRef, target)),
    };
    const { token, expiresAt } = await tokenIssuer.issue(claims, audiences, seconds);
    const answer = {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { name: target.name, namespace: target.namespace, creationTimestamp: formatTime(request.clock.now()) },
      spec: { audiences, expirationSeconds: seconds, boundObjectRef: wanted.spec?.boundObjectRef ?? null },
      status: { token, expirationTimestamp: formatTime(expiresAt.getTime()) },
    };
    await sendValue(request, 201, answer, output);
  },
});

function checkRequest({ metadata }: TokenRequest, seconds: number, { name }: Target): void {
  const errors = new FieldErrors();
  const path = FieldPath.of('spec', 'expirationSeconds');
  if (seconds < shortestSeconds) errors.invalid(path, seconds, 'may not specify a duration less than 10 minutes');
  if (seconds > 2 ** 32) errors.invalid(path, seconds, 'may not specify a duration larger than 2^32 seconds');
  if (!errors.empty) throw invalidObject(tokenRequestType, '', errors.list);
  if (metadata?.name && metadata.name !== name) {
    errors.invalid(FieldPath.of('metadata', 'name'), metadata.name, 'must match the service account name if specified');
    throw invalidObject(tokenRequestType, name, errors.list);
  }
}

type Reference = NonNullable<TokenRequest['spec']>['boundObjectRef'];

async function boundObject(objects: ObjectReader, reference: Reference, target: Target): Promise<Partial<TokenClaims>> {
  if (reference === undefined || reference === null) return {};
  const { kind = '', apiVersion = '', name = '' } = reference;
  const claim = async <T extends KubernetesObject>(resource: Resource<T>, namespace?: string) => {
    const found = await objects.find(resource, { namespace, name });
    if (found === undefined) throw notFound(resource, name);
    const { uid } = found.metadata;
    if (reference.uid && reference.uid !== uid) {
      const why = `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`;
      throw conflict({ group: resource.group, plural: resource.kind }, name, why);
    }
    return { found, named: { name, uid } };
  };
  switch (kind) {
    case 'Pod': {
      const { found, named } = await claim(pods, target.namespace);
      const { spec } = found;
      if (spec?.serviceAccountName !== target.name) {
        throw badRequest(
          `cannot bind token for serviceaccount ${JSON.stringify(target.name)} to pod running with different serviceaccount name.`,
        );
      }
      const node = spec?.nodeName ? await objects.find(nodes, { name: spec.nodeName }) : undefined;
      return { pod: named, ...(node && { node: { name: node.metadata.name, uid: node.metadata.uid } }) };
    }
    case 'Secret':
      return { secret: (await claim(secrets, target.namespace)).named };
    case 'Node':
      return { node: (await claim(nodes)).named };
    default: {
      const { group, version } = parseApiVersion(apiVersion) ?? { group: '', version: '' };
      throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${kind}`);
    }
  }
}
