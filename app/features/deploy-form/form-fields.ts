/** Parses the text fields of the form into numbers and lists, with the same error messages as the server. */
import * as v from 'valibot'
import { textProblem } from '@/core/contract/text'
import type { Constraint } from '@/core/placement/constraint'

export type Problem = (path: (string | number)[], message: string) => void

/** A check of a whole value that reports the path of the wrong field. */
export const checked = <Value>(check: (value: Value, problem: Problem) => void) =>
  v.rawCheck<Value>(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    const { value } = dataset
    check(value, (path, message) => addIssue({ message, path: pathItems(value, path) }))
  })

/** A check of a text that returns an error message or nothing. */
export const saying = (problemOf: (value: string) => string | null) =>
  checked<string>((value, problem) => {
    const message = problemOf(value)
    if (message) problem([], message)
  })

/** Text of one line, by the server's rule; surrounding blanks are trimmed. */
export const text = v.pipe(
  v.string(),
  saying((value) => textProblem(value.trim())),
)

/** Text that only programs read; may contain tabs and line breaks. */
export const rawText = v.pipe(
  v.string(),
  saying((value) => textProblem(value, 'raw')),
)

function pathItems(value: unknown, path: (string | number)[]): [v.IssuePathItem, ...v.IssuePathItem[]] | undefined {
  let input = value
  const [first, ...more] = path.map((key) => {
    const item: v.IssuePathItem = { type: 'unknown', origin: 'value', input, key, value: undefined }
    input = (input as Record<string | number, unknown>)[key]
    return item
  })
  return first && [first, ...more]
}

export const between = (what: string, { min, max }: { min: number; max: number }, unit: string): string =>
  `${what} must be between ${min} and ${max}${unit}`

/** "2", " 0.5 ", "0,5" → a number; anything else, and the empty text, → NaN, which every number schema rejects. */
export const numberOf = (given: string): number => {
  const plain = given.trim().replace(',', '.')
  return plain === '' ? Number.NaN : Number(plain)
}

export const numberText = v.pipe(text, v.transform(numberOf))

export const wholeNumber = (what: string, bounds: { min: number; max: number }, unit = '') =>
  v.pipe(
    numberText,
    v.number(`${what} must be a number`),
    v.integer(`${what} must be a whole number`),
    v.minValue(bounds.min, between(what, bounds, unit)),
    v.maxValue(bounds.max, between(what, bounds, unit)),
  )

/** Returns the error of a field that is only validated conditionally. */
export function checkNumber(schema: ReturnType<typeof wholeNumber>, given: string, problem: (message: string) => void) {
  const { issues } = v.safeParse(schema, given)
  if (issues) problem(issues[0].message)
}

export const constraintOps = ['=', '!=', 'in', 'exists'] as const satisfies readonly Constraint['op'][]

export const constraintShape = { key: text, op: v.picklist(constraintOps), values: text }
type ConstraintRow = v.InferOutput<v.ObjectSchema<typeof constraintShape, undefined>>

const valuesOf = ({ op, values }: ConstraintRow): string[] => {
  if (op === 'exists') return []
  if (op !== 'in') return [values.trim()]
  return values.split(',').flatMap((value) => value.trim() || [])
}

/** Blank rows are not errors; they are left out. */
export function checkConstraint(row: ConstraintRow, problem: Problem): void {
  if (row.key.trim() === '' && row.values.trim() === '') return
  if (!/^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/.test(row.key.trim()))
    problem(['key'], 'A label key is 1 to 63 letters, digits, . _ - /')
  if (valuesOf(row).some((value) => value.length > 63)) problem(['values'], 'A label value has at most 63 characters')
  else if (row.op === 'in' && valuesOf(row).length === 0) problem(['values'], 'in needs at least one value')
}

export const constraintOf = (row: ConstraintRow): Constraint => ({
  key: row.key.trim(),
  op: row.op,
  values: valuesOf(row),
})

export const optionalList = <Name extends string, Item>(name: Name, items: Item[]): { [Key in Name]?: Item[] } =>
  // TypeScript loses the literal type of a computed key.
  items.length > 0 ? ({ [name]: items } as { [Key in Name]?: Item[] }) : {}
