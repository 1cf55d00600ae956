'use client'

import { useFieldArray } from 'react-hook-form'
import { Input, Select } from '@/app/ui/form/field'
import { spreadTopologies, topologies } from '@/core/placement/preferences'
import { constraintOps } from './form-fields'
import { affinityModeNames, affinityModes } from './preference-form'
import { type Form, invalid, Row, Rows } from './rows'

const weightHint = 'A weight of 100 counts as much as the whole policy.'
const usualWeight = '50'

export function PreferenceRows({ form }: { form: Form }) {
  const { fields, append, remove } = useFieldArray({ control: form.control, name: 'preferences' })
  const errors = form.formState.errors.preferences
  const rows = form.watch('preferences')
  return (
    <Rows
      title="Label preferences"
      hint={`Nodes with matching labels score higher. ${weightHint}`}
      add="Add a preference"
      onAdd={() => append({ key: '', op: '=', values: '', weight: usualWeight })}
      problem={errors?.root?.message ?? errors?.message}
    >
      {fields.map((field, index) => {
        const { key, op, values, weight } = errors?.[index] ?? {}
        const name = `preference ${index + 1}`
        return (
          <Row
            key={field.id}
            remove={`Remove ${name}`}
            onRemove={() => remove(index)}
            problems={[key?.message, op?.message, values?.message, weight?.message]}
          >
            <Input
              aria-label={`Label of ${name}`}
              placeholder="disk"
              aria-invalid={invalid(key?.message)}
              {...form.register(`preferences.${index}.key`)}
            />
            <Select
              aria-label={`Comparison of ${name}`}
              className="w-20 shrink-0"
              {...form.register(`preferences.${index}.op`)}
            >
              {constraintOps.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </Select>
            <Input
              aria-label={`Value of ${name}`}
              placeholder={rows[index]?.op === 'in' ? 'ssd, nvme' : 'ssd'}
              disabled={rows[index]?.op === 'exists'}
              aria-invalid={invalid(values?.message)}
              {...form.register(`preferences.${index}.values`)}
            />
            <span className="w-14 shrink-0">
              <Input
                aria-label={`Weight of ${name}`}
                title="Weight, 1 to 100"
                inputMode="numeric"
                aria-invalid={invalid(weight?.message)}
                {...form.register(`preferences.${index}.weight`)}
              />
            </span>
          </Row>
        )
      })}
    </Rows>
  )
}

export function SpreadRows({ form }: { form: Form }) {
  const { fields, append, remove } = useFieldArray({ control: form.control, name: 'spread' })
  const errors = form.formState.errors.spread
  return (
    <Rows
      title="Spread"
      hint="Spread replicas evenly across regions or zones (node label zone). Set a maximum skew to enforce it."
      add="Add a spread"
      onAdd={() =>
        append({ across: fields[0]?.across === 'region' ? 'zone' : 'region', maxSkew: '', weight: usualWeight })
      }
      problem={errors?.root?.message ?? errors?.message}
    >
      {fields.map((field, index) => {
        const { across, maxSkew, weight } = errors?.[index] ?? {}
        const name = `spread ${index + 1}`
        return (
          <Row
            key={field.id}
            remove={`Remove ${name}`}
            onRemove={() => remove(index)}
            problems={[across?.message, maxSkew?.message, weight?.message]}
          >
            <Select
              aria-label={`Topology of ${name}`}
              aria-invalid={invalid(across?.message)}
              className="flex-1"
              {...form.register(`spread.${index}.across`)}
            >
              {spreadTopologies.map((one) => (
                <option key={one} value={one}>
                  across {one}s
                </option>
              ))}
            </Select>
            <Input
              aria-label={`Maximum skew of ${name}`}
              title="Maximum skew in replicas; blank = preference only"
              placeholder="any"
              unit="apart"
              inputMode="numeric"
              className="w-28 shrink-0"
              aria-invalid={invalid(maxSkew?.message)}
              {...form.register(`spread.${index}.maxSkew`)}
            />
            <span className="w-14 shrink-0">
              <Input
                aria-label={`Weight of ${name}`}
                title="Weight, 0 to 100"
                inputMode="numeric"
                aria-invalid={invalid(weight?.message)}
                {...form.register(`spread.${index}.weight`)}
              />
            </span>
          </Row>
        )
      })}
    </Rows>
  )
}

export function AffinityRows({ form }: { form: Form }) {
  const { fields, append, remove } = useFieldArray({ control: form.control, name: 'affinity' })
  const errors = form.formState.errors.affinity
  const rows = form.watch('affinity')
  return (
    <Rows
      title="Other deployments"
      hint="Place replicas with or apart from those of another deployment."
      add="Add a deployment"
      onAdd={() => append({ mode: 'prefer-other', on: 'node', deployment: '', weight: usualWeight })}
      problem={errors?.root?.message ?? errors?.message}
    >
      {fields.map((field, index) => {
        const { mode, on, deployment, weight } = errors?.[index] ?? {}
        const name = `deployment ${index + 1}`
        const chosen = affinityModes[rows[index]?.mode ?? 'prefer-other']
        return (
          <Row
            key={field.id}
            remove={`Remove ${name}`}
            onRemove={() => remove(index)}
            problems={[mode?.message, on?.message, deployment?.message, weight?.message]}
          >
            <div className="grid min-w-0 flex-1 grid-cols-[minmax(0,1fr)_6rem] gap-2">
              <Select aria-label={`Rule for ${name}`} {...form.register(`affinity.${index}.mode`)}>
                {affinityModeNames.map((one) => (
                  <option key={one} value={one}>
                    {affinityModes[one].label}
                  </option>
                ))}
              </Select>
              <Select aria-label={`Topology of ${name}`} {...form.register(`affinity.${index}.on`)}>
                {topologies.map((one) => (
                  <option key={one}>{one}</option>
                ))}
              </Select>
              <span className="flex items-center gap-2">
                <span aria-hidden className="text-ink-3">
                  {chosen.kind === 'affinity' ? 'as' : 'than'}
                </span>
                <Input
                  aria-label={`Name of ${name}`}
                  placeholder="web-api"
                  autoComplete="off"
                  autoCapitalize="off"
                  spellCheck={false}
                  aria-invalid={invalid(deployment?.message)}
                  {...form.register(`affinity.${index}.deployment`)}
                />
              </span>
              <Input
                aria-label={`Weight of ${name}`}
                title="Weight, 1 to 100"
                inputMode="numeric"
                disabled={chosen.required}
                aria-invalid={invalid(weight?.message)}
                {...form.register(`affinity.${index}.weight`)}
              />
            </div>
          </Row>
        )
      })}
    </Rows>
  )
}
