'use client'

import type { ReactNode } from 'react'
import type { UseFormReturn } from 'react-hook-form'
import { Field, Input } from '@/app/ui/form/field'
import type { DeployForm } from './form'
import type { DeployInput } from './inputs'
import { PolicyFields } from './policy-fields'
import { AffinityRows, PreferenceRows, SpreadRows } from './preference-rows'
import { ConstraintRows, EnvRows, PortRows } from './rows'

export interface AdvancedFieldsProps {
  form: UseFormReturn<DeployForm, unknown, DeployInput>
  /** Shown above the rows for variables: the existing variables. */
  variables: ReactNode
}

export default function AdvancedFields({ form, variables }: AdvancedFieldsProps) {
  const { errors } = form.formState
  return (
    <div className="mt-4 space-y-5">
      <PolicyFields form={form} />
      <Field
        label="Replicas per node"
        hint="Maximum per node. 1 keeps replicas on separate nodes."
        error={errors.maxPerNode?.message}
        className="max-w-48"
      >
        {(wiring) => <Input {...wiring} inputMode="numeric" autoComplete="off" {...form.register('maxPerNode')} />}
      </Field>
      <Field
        label="Reschedule after"
        hint="Move replicas after their node is offline for this long (0 = never)."
        error={errors.lostAfter?.message}
        className="max-w-48"
      >
        {(wiring) => (
          <Input {...wiring} unit="seconds" inputMode="numeric" autoComplete="off" {...form.register('lostAfter')} />
        )}
      </Field>
      <ConstraintRows form={form} />
      <PreferenceRows form={form} />
      <SpreadRows form={form} />
      <AffinityRows form={form} />
      <PortRows form={form} />
      {variables}
      <EnvRows form={form} />
    </div>
  )
}
