/** Migrated and empty. */
export const templateName = 'template_fogdeck'
/** With the first administrator, because hashing a password is slow by design. */
export const adminTemplateName = 'template_fogdeck_admin'
export const adminPassword = 'correct horse 42'
export const testSealKey = Buffer.alloc(32, 7).toString('base64url')
