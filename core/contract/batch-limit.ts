/** Maximum number of calls that a page sends in one request. */
export const batchLimit = 20
