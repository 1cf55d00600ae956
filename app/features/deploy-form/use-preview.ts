'use client'

import { keepPreviousData, skipToken, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Control } from 'react-hook-form'
import { useWatch } from 'react-hook-form'
import { useTRPC } from '@/app/trpc'
import { useSettled } from '@/app/ui/settled'
import type { DeployForm } from './form'
import { readPreview } from './form-schema'
import type { DeployInput, PreviewInput } from './inputs'

/** Short, so that the bars follow while the user types: answers are cheap, and outdated ones are not shown. */
const pauseMs = 50

/** The scheduler's preview for the form; updated while the user types and when the fleet changes. */
export function usePreview(control: Control<DeployForm, unknown, DeployInput>) {
  const trpc = useTRPC()
  // All fields have a value from the start.
  const form = useWatch({ control }) as DeployForm
  const { call } = readPreview(form)
  // Compared as text, because each render creates a new object for the same request.
  const asked = useSettled(call && JSON.stringify(call), pauseMs)
  const input = useMemo(() => (asked === null ? null : (JSON.parse(asked) as PreviewInput)), [asked])
  const query = useQuery({
    ...trpc.placement.preview.queryOptions(input ?? skipToken),
    placeholderData: keepPreviousData,
  })
  return {
    query,
    /** Whether the shown preview belongs to earlier input: the user is typing, or the form is invalid. */
    outdated: query.isPlaceholderData || call === null || JSON.stringify(call) !== asked,
    valid: call !== null,
  }
}
