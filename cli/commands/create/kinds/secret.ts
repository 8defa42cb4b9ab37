/** `create secret generic|tls|docker-registry NAME`. */

import { X509Certificate } from 'node:crypto';
import { secrets } from '../../../../api/resources/core.ts';
import type { Secret } from '../../../../api/types/core/v1.ts';
import { errorText } from '../../../../base/error-text.ts';
import { UserError } from '../../../../base/user-error.ts';
import { type Arguments, isSet, textOf, textsOf } from '../../../arguments.ts';
import { hashOf } from '../content-hash.ts';
import type { CreateInput, Wanted } from '../creator.ts';
import { read, readContent } from '../file-content.ts';
import { nameIn } from '../words.ts';

interface Content {
  readonly type: string;
  readonly entries: Iterable<readonly [string, Buffer]>;
}

const readers: Readonly<Record<string, (args: Arguments) => Promise<Content>>> = {
  async generic(args) {
    return { type: textOf(args, 'type') ?? '', entries: await readContent(args) };
  },
  tls: readKeyPair,
  'docker-registry': readDocker,
};

export async function make({ words: [form = '', ...words], args }: CreateInput): Promise<Wanted> {
  const reader = Object.hasOwn(readers, form) ? readers[form] : undefined;
  if (reader === undefined) throw new UserError('error: say which: create secret generic|tls|docker-registry NAME');
  const name = nameIn(words);
  const { type, entries } = await reader(args);
  const data = Object.fromEntries([...entries].map(([key, value]) => [key, value.toString('base64')]));
  const suffix = isSet(args, 'append-hash') ? `-${hashOf('Secret', { name, data, type })}` : '';
  const object: Secret = {
    metadata: { name: name + suffix },
    ...(type !== '' && { type }),
    ...(Object.keys(data).length > 0 && { data }),
  };
  return { kind: secrets, object };
}

async function readKeyPair(args: Arguments): Promise<Content> {
  const [certificateFile, keyFile] = [textOf(args, 'cert'), textOf(args, 'key')];
  if (certificateFile === undefined || keyFile === undefined)
    throw new UserError('error: key and cert must be specified');
  const [certificate, key] = [await read(certificateFile), await read(keyFile)];
  await checkPair(certificate, key);
  return {
    type: 'kubernetes.io/tls',
    entries: [
      ['tls.crt', certificate],
      ['tls.key', key],
    ],
  };
}

async function checkPair(certificate: Buffer, key: Buffer): Promise<void> {
  const { createPrivateKey } = await import('node:crypto');
  let fits: boolean;
  try {
    fits = new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch (cause) {
    throw new UserError(`error: failed to load key pair: ${errorText(cause)}`, { cause });
  }
  if (!fits) throw new UserError('error: failed to load key pair: private key does not match public key');
}

async function readDocker(args: Arguments): Promise<Content> {
  const type = 'kubernetes.io/dockerconfigjson';
  if (textsOf(args, 'from-file').length > 0) {
    const content = await readContent(args);
    const [only, ...others] = content.values();
    const file = content.get('.dockerconfigjson') ?? (others.length === 0 ? only : undefined);
    if (file === undefined) throw new UserError('error: name one file: --from-file=.dockerconfigjson=FILE');
    return { type, entries: [['.dockerconfigjson', file]] };
  }
  const named = (flag: string) => textOf(args, flag) ?? '';
  const [username, password, email] = [named('docker-username'), named('docker-password'), named('docker-email')];
  if (username === '' || password === '')
    throw new UserError(
      'error: either --from-file or the combination of --docker-username, --docker-password and --docker-server is required',
    );
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  const login = { username, password, ...(email !== '' && { email }), auth };
  const config = { auths: { [named('docker-server')]: login } };
  return { type, entries: [['.dockerconfigjson', Buffer.from(JSON.stringify(config))]] };
}
