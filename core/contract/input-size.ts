/** Limits the size of inputs before validation: deep and wide ones cost far more than their bytes suggest. */
import type { FieldProblem } from './failure'

/** Limits for any input; each schema allows less. */
export const inputLimits = { depth: 20, keys: 1_000, items: 20_000 } as const

/** Returns the first path at which an input is too deep or has too many entries; null when there is none. */
export function sizeProblem(input: unknown): FieldProblem | null {
  const found = tooLarge(input, 0)
  return found && { path: found.path.reverse().join('.'), message: found.message }
}

/** `path` begins at the innermost name; it is built only if a problem is found. */
function tooLarge(value: unknown, depth: number): { path: string[]; message: string } | null {
  if (typeof value !== 'object' || value === null) return null
  if (depth > inputLimits.depth) return { path: [], message: `Nested more than ${inputLimits.depth} levels deep` }
  const isList = Array.isArray(value)
  const names = isList ? null : Object.keys(value)
  if (isList && value.length > inputLimits.items) return { path: [], message: `At most ${inputLimits.items} items` }
  if (names && names.length > inputLimits.keys) return { path: [], message: `At most ${inputLimits.keys} entries` }
  const values: unknown[] = isList ? value : Object.values(value)
  for (const [index, inner] of values.entries()) {
    const found = tooLarge(inner, depth + 1)
    if (!found) continue
    found.path.push(names?.[index] ?? String(index))
    return found
  }
  return null
}
