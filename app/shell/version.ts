/** As package.json has it; written into the pages when they are built. */
export const productVersion = process.env.FOGDECK_VERSION ?? ''
