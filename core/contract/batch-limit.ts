/** So many calls of a page travel in one request. */
export const batchLimit = 20
