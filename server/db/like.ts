/** Text as a LIKE pattern that finds it anywhere, taken literally. */
export const containing = (text: string): string => `%${text.replace(/[\\%_]/g, (char) => `\\${char}`)}%`
