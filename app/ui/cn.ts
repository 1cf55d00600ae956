/** Joins class names, leaving out what is not there. */
export const cn = (...parts: (string | false | null | undefined)[]): string => parts.filter(Boolean).join(' ')
