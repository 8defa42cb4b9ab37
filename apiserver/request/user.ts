/** Who sends a request, as authentication found out. */

export interface User {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export const anonymous: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

/** Members of this group may do everything. */
export const isMaster = (user: User): boolean => user.groups.includes('system:masters');
