'use client'

import { useState } from 'react'
import { errorFields, errorSentence } from '@/app/ui/text/errors'

/**
 * Errors of a small form by field: those found here and those from the server. Errors without a field are under `''`
 * and are shown at the form itself.
 */
export function useFieldProblems<Name extends string>(names: readonly Name[]) {
  const [problems, setProblems] = useState<Partial<Record<Name | '', string>>>({})
  return {
    problems,
    set: setProblems,
    clear: () => setProblems({}),
    take: (error: unknown) => {
      const found: Partial<Record<Name | '', string>> = {}
      for (const { path, message } of errorFields(error)) {
        const name = names.find((one) => one === path)
        if (name) found[name] = message
      }
      if (Object.keys(found).length === 0) found[''] = errorSentence(error)
      setProblems(found)
    },
  }
}
