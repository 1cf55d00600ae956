/** Walks the inputs of the API: every schema of every procedure, field by field. */
import type { z } from 'zod'
import { auditFilterSchema } from '@/server/api/accounts/audit-router'
import { loginFields } from '@/server/api/context/auth'

import { appRouter } from '@/server/api/root'

export type Schema = z.core.$ZodType

/** The inputs of all procedures by path, and those of calls that are not procedures. */
export function allInputs(): Map<string, Schema> {
  const inputs = new Map<string, Schema>()
  const procedures = Object.entries(appRouter._def.procedures) as unknown as [string, { _def: { inputs: Schema[] } }][]
  for (const [path, { _def }] of procedures)
    for (const [index, input] of _def.inputs.entries()) inputs.set(index === 0 ? path : `${path} (${index + 1})`, input)
  inputs.set('POST /api/auth/login', loginFields)
  inputs.set('GET /api/audit.csv', auditFilterSchema)
  return inputs
}

/** The definition of a schema of any class. */
export const definitionOf = (schema: Schema) => (schema as z.core.$ZodTypes)._zod.def

/** The direct parts of a schema, each with its path; none for a leaf. */
export function partsOf(schema: Schema): [string, Schema][] {
  const def = definitionOf(schema)
  switch (def.type) {
    case 'object':
      return Object.entries(def.shape)
    case 'array':
      return [['*', def.element]]
    case 'record':
      return [
        ['(key)', def.keyType],
        ['*', def.valueType],
      ]
    case 'union':
      return def.options.map((option) => ['', option])
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'nonoptional':
    case 'readonly':
    case 'catch':
      return [['', def.innerType]]
    case 'pipe':
      return [
        ['', def.in],
        ['', def.out],
      ]
    case 'intersection':
      return [
        ['', def.left],
        ['', def.right],
      ]
    case 'tuple':
      return def.items.map((item, index) => [String(index), item])
    default:
      return []
  }
}
