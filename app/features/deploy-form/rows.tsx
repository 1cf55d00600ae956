'use client'

import type { UseFormReturn } from 'react-hook-form'
import { Input } from '@/app/ui/form/field'
import { FieldRows } from '@/app/ui/form/field-rows'
import type { DeployForm } from './form'
import type { DeployInput } from './inputs'
import { LabelFields } from './label-fields'

export type Form = UseFormReturn<DeployForm, unknown, DeployInput>
/** The values of one row. */
export type RowOf<Name extends 'constraints' | 'preferences' | 'spread' | 'affinity'> = DeployForm[Name][number]

export function ConstraintRows({ form }: { form: Form }) {
  return (
    <FieldRows
      form={form}
      name="constraints"
      title="Label constraints"
      hint="Only nodes that match all constraints are used."
      add="Add a constraint"
      noun="constraint"
      blank={(): RowOf<'constraints'> => ({ key: '', op: '=', values: '' })}
    >
      {({ row, label, field }) => <LabelFields op={row.op} label={label} field={field} opClassName="w-24 shrink-0" />}
    </FieldRows>
  )
}

export function PortRows({ form }: { form: Form }) {
  return (
    <FieldRows
      form={form}
      name="ports"
      title="Published ports"
      hint="Blank = random host port."
      add="Add a port"
      noun="port"
      blank={() => ({ container: '', host: '' })}
    >
      {({ label, field }) => (
        <>
          <Input
            aria-label={`Container ${label}`}
            placeholder="80"
            inputMode="numeric"
            unit="container"
            className="flex-1"
            {...field('container')}
          />
          <Input
            aria-label={`Host port for container ${label}`}
            placeholder="any"
            inputMode="numeric"
            unit="node"
            className="flex-1"
            {...field('host')}
          />
        </>
      )}
    </FieldRows>
  )
}

export function EnvRows({ form }: { form: Form }) {
  return (
    <FieldRows
      form={form}
      name="env"
      title="Environment"
      hint="Values are encrypted and can't be viewed later."
      add="Add a variable"
      noun="variable"
      blank={() => ({ name: '', value: '' })}
    >
      {({ label, field }) => (
        <>
          <Input
            aria-label={`Name of ${label}`}
            placeholder="LOG_LEVEL"
            autoCapitalize="off"
            spellCheck={false}
            {...field('name')}
          />
          <Input
            aria-label={`Value of ${label}`}
            placeholder="info"
            autoComplete="off"
            spellCheck={false}
            {...field('value')}
          />
        </>
      )}
    </FieldRows>
  )
}
