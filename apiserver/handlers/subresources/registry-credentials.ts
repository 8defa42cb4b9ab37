/** `pods/<name>/registrycredentials`: which Secrets of the cluster have credentials for registries for this pod; only their names. */

import { mirrorAnnotation } from '../../../api/labels.ts';
import { type RegistrySecretNames, registryCredentialsNamespace } from '../../../api/registry-credentials.ts';
import { pods } from '../../../api/resources/core.ts';
import { notFound } from '../../../api/status-error.ts';
import type { ImageCredentials } from '../../registry/image-credentials.ts';
import type { ObjectReader } from '../../registry/object-reader.ts';
import { negotiate } from '../../responses/negotiation.ts';
import { sendValue } from '../../responses/object-answers.ts';
import type { ServerOf } from '../resource-server.ts';

export const createRegistryCredentialsServer = (
  objects: ObjectReader,
  credentials: ImageCredentials,
): ServerOf<'registryCredentials'> => ({
  async get(request, target) {
    const negotiated = negotiate(request.header('accept'), ['object']);
    const { namespace = '', name } = target;
    const pod = await objects.find(pods, { namespace, name });
    if (pod === undefined) throw notFound(pods, name);
    // A node makes mirror pods itself: they give it nothing.
    const isMirror = pod.metadata.annotations?.[mirrorAnnotation] !== undefined;
    const names = isMirror ? [] : await credentials.namesFor(namespace);
    const answer: RegistrySecretNames = {
      apiVersion: 'longshore.dev/v1',
      kind: 'RegistryCredentials',
      metadata: { namespace, name },
      secrets: names.map((one) => ({ namespace: registryCredentialsNamespace, name: one })),
    };
    await sendValue(request, 200, answer, negotiated);
  },
});
