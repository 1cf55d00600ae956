'use client'

import { Input, Select } from '@/app/ui/form/field'
import { FieldRows } from '@/app/ui/form/field-rows'
import { spreadTopologies, topologies } from '@/core/placement/preferences'
import { LabelFields } from './label-fields'
import { affinityModeNames, affinityModes } from './preference-form'
import type { Form, RowOf } from './rows'

const weightHint = 'A weight of 100 counts as much as the whole policy.'
const usualWeight = '50'

export function PreferenceRows({ form }: { form: Form }) {
  return (
    <FieldRows
      form={form}
      name="preferences"
      title="Label preferences"
      hint={`Nodes with matching labels score higher. ${weightHint}`}
      add="Add a preference"
      noun="preference"
      blank={(): RowOf<'preferences'> => ({ key: '', op: '=', values: '', weight: usualWeight })}
    >
      {({ row, label, field }) => (
        <>
          <LabelFields op={row.op} label={label} field={field} opClassName="w-20 shrink-0" />
          <span className="w-14 shrink-0">
            <Input
              aria-label={`Weight of ${label}`}
              title="Weight, 1 to 100"
              inputMode="numeric"
              {...field('weight')}
            />
          </span>
        </>
      )}
    </FieldRows>
  )
}

export function SpreadRows({ form }: { form: Form }) {
  return (
    <FieldRows
      form={form}
      name="spread"
      title="Spread"
      hint="Spread replicas evenly across regions or zones (node label zone). Set a maximum skew to enforce it."
      add="Add a spread"
      noun="spread"
      blank={([first]): RowOf<'spread'> => ({
        across: first?.across === 'region' ? 'zone' : 'region',
        maxSkew: '',
        weight: usualWeight,
      })}
    >
      {({ label, field }) => (
        <>
          <Select aria-label={`Topology of ${label}`} className="flex-1" {...field('across')}>
            {spreadTopologies.map((one) => (
              <option key={one} value={one}>
                across {one}s
              </option>
            ))}
          </Select>
          <Input
            aria-label={`Maximum skew of ${label}`}
            title="Maximum skew in replicas; blank = preference only"
            placeholder="any"
            unit="apart"
            inputMode="numeric"
            className="w-28 shrink-0"
            {...field('maxSkew')}
          />
          <span className="w-14 shrink-0">
            <Input
              aria-label={`Weight of ${label}`}
              title="Weight, 0 to 100"
              inputMode="numeric"
              {...field('weight')}
            />
          </span>
        </>
      )}
    </FieldRows>
  )
}

export function AffinityRows({ form }: { form: Form }) {
  return (
    <FieldRows
      form={form}
      name="affinity"
      title="Other deployments"
      hint="Place replicas with or apart from those of another deployment."
      add="Add a deployment"
      noun="deployment"
      blank={(): RowOf<'affinity'> => ({ mode: 'prefer-other', on: 'node', deployment: '', weight: usualWeight })}
    >
      {({ row, label, field }) => {
        const chosen = affinityModes[row.mode]
        return (
          <div className="grid min-w-0 flex-1 grid-cols-[minmax(0,1fr)_6rem] gap-2">
            <Select aria-label={`Rule for ${label}`} {...field('mode')}>
              {affinityModeNames.map((one) => (
                <option key={one} value={one}>
                  {affinityModes[one].label}
                </option>
              ))}
            </Select>
            <Select aria-label={`Topology of ${label}`} {...field('on')}>
              {topologies.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </Select>
            <span className="flex items-center gap-2">
              <span aria-hidden className="text-ink-3">
                {chosen.kind === 'affinity' ? 'as' : 'than'}
              </span>
              <Input
                aria-label={`Name of ${label}`}
                placeholder="web-api"
                autoComplete="off"
                autoCapitalize="off"
                spellCheck={false}
                {...field('deployment')}
              />
            </span>
            <Input
              aria-label={`Weight of ${label}`}
              title="Weight, 1 to 100"
              inputMode="numeric"
              {...field('weight')}
              disabled={chosen.required}
            />
          </div>
        )
      }}
    </FieldRows>
  )
}
