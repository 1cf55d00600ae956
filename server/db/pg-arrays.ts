/**
 * Arrays as PostgreSQL reads them, for `unnest($1::uuid[], …)`. The driver would write them, too, but looks at every value
 * anew: with hundreds of rows in a statement that adds up.
 */

/** An array of values that need no quotes: numbers, UUIDs, booleans, and words that are known to be plain. */
export const plainArray = (values: readonly (string | number | boolean)[]): string => `{${values.join(',')}}`

/** Null if it is empty: `unnest` fills up with nulls beside the other arrays. */
export const textArray = (values: readonly (string | null)[]): string | null => arrayOf(values, quoted)

/** An array of values that become jsonb; null becomes SQL's null, and an array of nulls only becomes null. */
export const jsonArray = (values: readonly unknown[]): string | null =>
  // JSON within JSON has the very escapes that PostgreSQL takes back.
  arrayOf(values, (value) => JSON.stringify(JSON.stringify(value)))

const arrayOf = <Value>(values: readonly (Value | null)[], write: (value: Value) => string): string | null =>
  values.every((value) => value === null)
    ? null
    : `{${values.map((value) => (value === null ? 'NULL' : write(value))).join(',')}}`

const quoted = (value: string): string => (/["\\]/.test(value) ? `"${value.replace(/["\\]/g, '\\$&')}"` : `"${value}"`)
