'use client'

import { Plus, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { type UseFormReturn, useFieldArray } from 'react-hook-form'
import { Button } from '@/app/ui/button'
import { FieldError, Input, Select } from '@/app/ui/form/field'
import type { DeployForm } from './form'
import { constraintOps } from './form-fields'
import type { DeployInput } from './inputs'

export type Form = UseFormReturn<DeployForm, unknown, DeployInput>

interface RowsProps {
  title: string
  hint: string
  add: string
  onAdd: () => void
  problem: string | undefined
  children: ReactNode
}

export function Rows({ title, hint, add, onAdd, problem, children }: RowsProps) {
  return (
    <fieldset>
      <legend className="font-medium">{title}</legend>
      <p className="text-meta text-ink-3">{hint}</p>
      <div className="mt-2 space-y-2">{children}</div>
      {problem && <FieldError className="mt-1">{problem}</FieldError>}
      <Button variant="ghost" icon={<Plus size={14} aria-hidden />} onClick={onAdd} className="mt-1 -ml-2 px-2">
        {add}
      </Button>
    </fieldset>
  )
}

interface RowProps {
  remove: string
  onRemove: () => void
  problems: (string | undefined)[]
  children: ReactNode
}

export function Row({ remove, onRemove, problems, children }: RowProps) {
  const problem = problems.find(Boolean)
  return (
    <div>
      <div className="flex gap-2">
        {children}
        <Button variant="ghost" aria-label={remove} icon={<X size={14} aria-hidden />} onClick={onRemove} />
      </div>
      {problem && <FieldError className="mt-1">{problem}</FieldError>}
    </div>
  )
}

export const invalid = (message: string | undefined): true | undefined => (message ? true : undefined)

export function ConstraintRows({ form }: { form: Form }) {
  const { fields, append, remove } = useFieldArray({ control: form.control, name: 'constraints' })
  const errors = form.formState.errors.constraints
  const rows = form.watch('constraints')
  return (
    <Rows
      title="Label constraints"
      hint="Only nodes that match all constraints are used."
      add="Add a constraint"
      onAdd={() => append({ key: '', op: '=', values: '' })}
      problem={errors?.root?.message ?? errors?.message}
    >
      {fields.map((field, index) => {
        const { key, op, values } = errors?.[index] ?? {}
        const name = `constraint ${index + 1}`
        return (
          <Row
            key={field.id}
            remove={`Remove ${name}`}
            onRemove={() => remove(index)}
            problems={[key?.message, op?.message, values?.message]}
          >
            <Input
              aria-label={`Label of ${name}`}
              placeholder="disk"
              aria-invalid={invalid(key?.message)}
              {...form.register(`constraints.${index}.key`)}
            />
            <Select
              aria-label={`Comparison of ${name}`}
              className="w-24 shrink-0"
              {...form.register(`constraints.${index}.op`)}
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
              {...form.register(`constraints.${index}.values`)}
            />
          </Row>
        )
      })}
    </Rows>
  )
}

export function PortRows({ form }: { form: Form }) {
  const { fields, append, remove } = useFieldArray({ control: form.control, name: 'ports' })
  const errors = form.formState.errors.ports
  return (
    <Rows
      title="Published ports"
      hint="Blank = random host port."
      add="Add a port"
      onAdd={() => append({ container: '', host: '' })}
      problem={errors?.root?.message ?? errors?.message}
    >
      {fields.map((field, index) => {
        const { container, host } = errors?.[index] ?? {}
        return (
          <Row
            key={field.id}
            remove={`Remove port ${index + 1}`}
            onRemove={() => remove(index)}
            problems={[container?.message, host?.message]}
          >
            <Input
              aria-label={`Container port ${index + 1}`}
              placeholder="80"
              inputMode="numeric"
              unit="container"
              className="flex-1"
              aria-invalid={invalid(container?.message)}
              {...form.register(`ports.${index}.container`)}
            />
            <Input
              aria-label={`Host port for container port ${index + 1}`}
              placeholder="any"
              inputMode="numeric"
              unit="node"
              className="flex-1"
              aria-invalid={invalid(host?.message)}
              {...form.register(`ports.${index}.host`)}
            />
          </Row>
        )
      })}
    </Rows>
  )
}

export function EnvRows({ form }: { form: Form }) {
  const { fields, append, remove } = useFieldArray({ control: form.control, name: 'env' })
  const errors = form.formState.errors.env
  return (
    <Rows
      title="Environment"
      hint="Values are encrypted and can't be viewed later."
      add="Add a variable"
      onAdd={() => append({ name: '', value: '' })}
      problem={errors?.root?.message ?? errors?.message}
    >
      {fields.map((field, index) => {
        const { name, value } = errors?.[index] ?? {}
        return (
          <Row
            key={field.id}
            remove={`Remove variable ${index + 1}`}
            onRemove={() => remove(index)}
            problems={[name?.message, value?.message]}
          >
            <Input
              aria-label={`Name of variable ${index + 1}`}
              placeholder="LOG_LEVEL"
              autoCapitalize="off"
              spellCheck={false}
              aria-invalid={invalid(name?.message)}
              {...form.register(`env.${index}.name`)}
            />
            <Input
              aria-label={`Value of variable ${index + 1}`}
              placeholder="info"
              autoComplete="off"
              spellCheck={false}
              aria-invalid={invalid(value?.message)}
              {...form.register(`env.${index}.value`)}
            />
          </Row>
        )
      })}
    </Rows>
  )
}
