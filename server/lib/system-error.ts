/** Whether it is an error of the operating system (or of PostgreSQL) with this code, for example ENOENT. */
export const hasCode = (error: unknown, ...codes: string[]): boolean =>
  error instanceof Error && 'code' in error && codes.includes(String(error.code))
