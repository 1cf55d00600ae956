/** The version from package.json, inlined at build time. */
export const productVersion = process.env.FOGDECK_VERSION ?? ''
