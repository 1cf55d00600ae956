'use client'

import { Checkbox, Field, FieldError, Input, Select } from '@/app/ui/form/field'
import { priorities } from '@/core/placement/resources'
import { policyProfiles } from '@/core/placement/types'
import { policyChoices } from './policy-form'
import type { Form } from './rows'

const labels: Record<(typeof policyChoices)[number], string> = {
  default: 'Default',
  spread: 'spread: emptiest nodes first',
  pack: 'pack: fullest nodes first',
  near: 'near: preferred region first',
  custom: 'Custom',
}

/** How nodes are scored, and the priority of the deployment. */
export function PolicyFields({ form }: { form: Form }) {
  const { errors } = form.formState
  const choice = form.watch('policy.choice')
  const problem = errors.policy?.message ?? errors.policy?.root?.message ?? weightsMessage(errors.policy)
  return (
    <div className="space-y-3">
      <div className="grid grid-cols-[minmax(0,1fr)_8rem] gap-3">
        <Field label="Policy" hint={hintOf(choice)}>
          {(wiring) => (
            <Select {...wiring} {...form.register('policy.choice')}>
              {policyChoices.map((one) => (
                <option key={one} value={one}>
                  {labels[one]}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Field
          label="Priority"
          hint={`${priorities.min} to ${priorities.max}, higher first`}
          error={errors.priority?.message}
        >
          {(wiring) => <Input {...wiring} inputMode="numeric" autoComplete="off" {...form.register('priority')} />}
        </Field>
      </div>
      {choice === 'custom' && (
        <fieldset className="space-y-2">
          <legend className="mb-1 text-meta text-ink-3">Weights (must add up to 1)</legend>
          <div className="grid grid-cols-3 gap-3">
            {(['resources', 'load', 'locality'] as const).map((name) => (
              <Field key={name} label={name[0]?.toUpperCase() + name.slice(1)}>
                {(wiring) => (
                  <Input {...wiring} inputMode="decimal" autoComplete="off" {...form.register(`policy.${name}`)} />
                )}
              </Field>
            ))}
          </div>
          {problem && <FieldError>{problem}</FieldError>}
          <Checkbox
            label="Packing"
            hint="Fuller nodes score higher on resources."
            {...form.register('policy.packing')}
          />
        </fieldset>
      )}
    </div>
  )
}

/** This error belongs to the three weights together; no field has its name. */
const weightsMessage = (problems: object | undefined): string | undefined =>
  (problems as { weights?: { message?: string } } | undefined)?.weights?.message

function hintOf(choice: (typeof policyChoices)[number]): string {
  if (choice === 'default') return 'Set by administrators.'
  if (choice === 'custom') return 'This deployment only.'
  const { resources, load, locality } = policyProfiles[choice].weights
  return `${resources} resources, ${load} load, ${locality} locality`
}
