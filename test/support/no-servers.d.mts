/** Connections to a broker or a database server that the running test has asked for. */
export const refused: string[];
