/** The name of the table of policies, beside that of Services. */
export const policyTableOf = (table: string): string => `${table}-policies`;
