/**
 * The classic file of `-auth`, as `~/.kubernetes_auth` was: JSON with a user and a password, for what asks for them before
 * an API server. When there is none, they are asked for, and written down for the next time.
 */

import { readFile, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import type { Readable } from 'node:stream';
import { isRecord, type JsonRecord } from '../api/json-record.ts';
import { errorCode } from '../base/error-text.ts';
import type { Output } from '../base/terminal.ts';
import { UserError } from '../base/user-error.ts';
import type { Connection } from '../client/connection.ts';
import { readError } from './read-error.ts';

export interface Asked {
  readonly input: Readable;
  readonly errors: Output;
}

/** What today's API has other ways for. */
const refused = ['CertFile', 'KeyFile', 'BearerToken'] as const;

/** Throws UserError. */
export async function readAuthFile(path: string, asked: Asked): Promise<Partial<Connection>> {
  const fields = (await readFields(path)) ?? (await ask(path, asked));
  const old = refused.filter((name) => typeof fields[name] === 'string' && fields[name] !== '');
  if (old.length > 0)
    throw new UserError(
      `${path}: ${old.join(', ')}: not taken from this file any more. Put a certificate or a token into a kubeconfig: ` +
        'users: [{name: me, user: {client-certificate: FILE, client-key: FILE}}] or {user: {token: TEXT}}, and name it with --kubeconfig FILE',
    );
  const { User: username, Password: password, CAFile, Insecure } = fields;
  if (typeof username !== 'string' || typeof password !== 'string' || username === '')
    throw new UserError(`${path} should hold {"User": "…", "Password": "…"}`);
  return {
    basic: { username, password },
    ...(typeof CAFile === 'string' && CAFile !== '' && { certificateAuthority: await readAuthority(CAFile) }),
    ...(Insecure === true && { insecureSkipTlsVerify: true }),
  };
}

/** Undefined: there is no such file. */
async function readFields(path: string): Promise<JsonRecord | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return undefined;
    throw readError('file of -auth', path, cause);
  }
  try {
    const fields: unknown = JSON.parse(text);
    if (isRecord(fields)) return fields;
  } catch {
    // Said below: whatever it is, it is not what it should be.
  }
  throw new UserError(`${path} is not JSON: it should hold {"User": "…", "Password": "…"}`);
}

async function readAuthority(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw readError('CAFile', path, cause);
  }
}

async function ask(path: string, { input, errors }: Asked): Promise<JsonRecord> {
  const lines = createInterface({ input })[Symbol.asyncIterator]();
  const answer = async (what: string): Promise<string> => {
    errors.write(`Please enter ${what}: `);
    const { value, done } = await lines.next();
    if (done === true) throw new UserError(`There is no file ${path}, and no ${what} was entered`);
    return value;
  };
  const fields = { User: await answer('Username'), Password: await answer('Password') };
  await writeFile(path, `${JSON.stringify(fields)}\n`, { mode: 0o600 });
  return fields;
}
