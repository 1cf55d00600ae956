/** The largest body that a call may have, in bytes; each is held again where the body is read. */

export const bodyLimit = 256 * 1024
/** A name and a password. */
export const authBodyLimit = 16 * 1024
/** Calls of pages. */
export const trpcBodyLimit = 1024 * 1024
/** A fleet program reports for thousands of nodes in one call. */
export const agentBodyLimit = 16 * 1024 * 1024
