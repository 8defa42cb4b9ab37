/** Who a user is by the /etc/passwd and /etc/group of an image. Pure. */

import type { ImageAccounts } from '../runtime/runtime.ts';

export interface ImageUser {
  /** The first of its groups. Where the image does not know the user: root's, as without an image. */
  readonly gid: number;
  /** The groups that name it as a member, in their order. */
  readonly groups: readonly number[];
}

/** `user`: a name or a number; empty: root. */
export function findImageUser({ passwd, group }: ImageAccounts, user: string): ImageUser {
  const wanted = user === '' ? '0' : user;
  const isNumber = /^\d+$/.test(wanted);
  const account = linesOf(passwd).find(
    ([name, , uid]) => name === wanted || (isNumber && uid !== undefined && /^\d+$/.test(uid) && +uid === +wanted),
  );
  const name = account?.[0] ?? (isNumber ? undefined : wanted);
  const groups = linesOf(group).flatMap(([, , gid, members]) => {
    const isMember = name !== undefined && (members ?? '').split(',').includes(name);
    return isMember && isGid(gid) ? [Number(gid)] : [];
  });
  return { gid: isGid(account?.[3]) ? Number(account?.[3]) : 0, groups: [...new Set(groups)] };
}

const linesOf = (text: string): string[][] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'));

const isGid = (text: string | undefined): text is string => text !== undefined && /^\d{1,10}$/.test(text);
