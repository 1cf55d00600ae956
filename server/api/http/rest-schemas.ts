/**
 * The REST library calls methods that only zod's own schemas have. Inputs that pages check, too, are made with zod/mini
 * and have none of them: this adds them.
 */
import type { z } from 'zod'
import type { ProcedureMeta } from '@/server/api/context/trpc'
import { appRouter } from '@/server/api/root'

type Schema = z.core.$ZodTypes

const partsOf = ({ _zod: { def } }: Schema): unknown[] => {
  switch (def.type) {
    case 'object':
      return Object.values(def.shape)
    case 'array':
      return [def.element]
    case 'union':
      return [...def.options]
    case 'optional':
    case 'nullable':
    case 'default':
      return [def.innerType]
    case 'pipe':
      return [def.in, def.out]
    default:
      return []
  }
}

/** Adds `unwrap`, `element` and `_def` to a schema and its parts, where they are missing. */
function completeSchema(schema: Schema): void {
  const { def } = schema._zod
  const missing = {
    ...('innerType' in def && { unwrap: () => def.innerType }),
    ...(def.type === 'array' && { element: def.element }),
    _def: def,
  }
  for (const [name, value] of Object.entries(missing)) if (!(name in schema)) Object.assign(schema, { [name]: value })
  for (const part of partsOf(schema)) completeSchema(part as Schema)
}

interface Procedure {
  _def: { inputs: Schema[]; meta?: ProcedureMeta }
}

const procedures = appRouter._def.procedures as unknown as Record<string, Procedure>

/** Whether the procedure only accepts work, which REST answers with 202. */
export const isAccepted = (path: string): boolean => procedures[path]?._def.meta?.accepted === true

/** The router, with inputs that the REST library can read. */
export function restRouter(): typeof appRouter {
  for (const { _def } of Object.values(procedures)) for (const input of _def.inputs) completeSchema(input)
  return appRouter
}
