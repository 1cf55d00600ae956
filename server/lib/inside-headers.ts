/** Headers that the gateway sets for the inside; what a client sends under these names never gets there. */

/** There when the call comes from a program of this machine itself. */
export const localMark = 'x-fogdeck-local'
/** What scripts of the page are known by. */
export const nonceHeader = 'x-fogdeck-nonce'
