'use client'

import { keepPreviousData, skipToken, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Control } from 'react-hook-form'
import { useWatch } from 'react-hook-form'
import * as v from 'valibot'
import { useTRPC } from '@/app/trpc'
import { useSettled } from '@/app/ui/settled'
import { type DeployForm, previewFormSchema } from './form-schema'
import type { DeployInput, PreviewInput } from './inputs'

/** So short that bars follow the fingers: an answer is cheap, and one that comes too late is not shown. */
const pauseMs = 50

/** What the scheduler would do with the form as it is; asked again as one types, and when the fleet changes. */
export function usePreview(control: Control<DeployForm, unknown, DeployInput>) {
  const trpc = useTRPC()
  const form = useWatch({ control })
  const parsed = v.safeParse(previewFormSchema, form)
  // Compared as text: each render makes a new object of the same request.
  const asked = useSettled(parsed.success ? JSON.stringify(parsed.output) : null, pauseMs)
  const input = useMemo(() => (asked === null ? null : (JSON.parse(asked) as PreviewInput)), [asked])
  const query = useQuery({
    ...trpc.placement.preview.queryOptions(input ?? skipToken),
    placeholderData: keepPreviousData,
  })
  return {
    preview: query.data,
    error: query.error,
    retry: () => void query.refetch(),
    /** What is shown belongs to an earlier request: the form is being typed into, or is not valid now. */
    outdated: query.isPlaceholderData || !parsed.success || JSON.stringify(parsed.output) !== asked,
    valid: parsed.success,
  }
}
