/** Paths of suites that need neither a broker nor a database server. */
export const UNIT: RegExp;
