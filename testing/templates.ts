/** Migrated, and nothing in it. */
export const templateName = 'template_fogdeck'
/** With the first administrator: a password takes long to hash, by design. */
export const adminTemplateName = 'template_fogdeck_admin'
export const adminPassword = 'correct horse 42'
export const testSealKey = Buffer.alloc(32, 7).toString('base64url')
