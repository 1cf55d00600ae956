'use client'

import { Plus, X } from 'lucide-react'
import { type ReactNode, useRef } from 'react'
import { flushSync } from 'react-dom'
import {
  type FieldArrayPath,
  type FieldArrayPathValue,
  type FieldPath,
  type FieldError as FieldProblem,
  type FieldValues,
  type UseFormRegisterReturn,
  type UseFormReturn,
  useFieldArray,
} from 'react-hook-form'
import { Button } from '@/app/ui/button'
import { FieldError } from './field'

interface FieldWiring extends UseFormRegisterReturn {
  'aria-invalid': true | undefined
}

interface FieldRow<Row> {
  /** The present values. */
  row: Row
  /** Names the row: "port 1". */
  label: string
  /** The attributes that tie a control to a field of the row. */
  field: (key: keyof Row & string) => FieldWiring
}

/** The type of the rows under a name. */
type RowOf<Values extends FieldValues, Name extends FieldArrayPath<Values>> = FieldArrayPathValue<Values, Name>[number]

interface FieldRowsProps<Values extends FieldValues, Output, Name extends FieldArrayPath<Values>> {
  form: UseFormReturn<Values, unknown, Output>
  name: Name
  title: string
  hint: string
  /** The button that adds a row: "Add a port". */
  add: string
  /** One row is called "port 1". */
  noun: string
  /** A new row. Errors of a row are shown one at a time, in the order of its keys. */
  blank: (rows: readonly RowOf<Values, Name>[]) => RowOf<Values, Name>
  /** The controls of one row. */
  children: (row: FieldRow<RowOf<Values, Name>>) => ReactNode
}

/**
 * A list of rows in a form, for which rows can be added and removed. The focus moves into a new row, and from a removed
 * one to the row that took its place.
 */
export function FieldRows<Values extends FieldValues, Output, Name extends FieldArrayPath<Values>>(
  props: FieldRowsProps<Values, Output, Name>,
) {
  const { form, name, title, hint, add, noun, blank, children } = props
  const { fields, append, remove } = useFieldArray({ control: form.control, name })
  const group = useRef<HTMLFieldSetElement>(null)
  const addButton = useRef<HTMLButtonElement>(null)
  // TypeScript can't follow paths into the rows of a generic form.
  const pathOf = (path: string) => path as FieldPath<Values>
  const rows: readonly RowOf<Values, Name>[] = form.watch(pathOf(name))
  const problemAt = (path: string): FieldProblem | undefined =>
    form.getFieldState(pathOf(path), form.formState).error as FieldProblem | undefined
  const removeAt = (index: number): void => {
    // The row is gone from the page when this returns.
    flushSync(() => remove(index))
    const others = group.current?.querySelectorAll<HTMLElement>('[data-remove-row]') ?? []
    const next = others[Math.min(index, others.length - 1)] ?? addButton.current
    next?.focus()
  }
  const ofList = problemAt(name)
  const problem = ofList?.root?.message ?? ofList?.message
  const keys = Object.keys(blank(rows))
  return (
    <fieldset ref={group}>
      <legend className="font-medium">{title}</legend>
      <p className="text-meta text-ink-3">{hint}</p>
      <div className="mt-2 space-y-2">
        {fields.map((item, index) => {
          const path = (key: string): string => `${name}.${index}.${key}`
          const label = `${noun} ${index + 1}`
          const ofRow = keys.map((key) => problemAt(path(key))?.message).find(Boolean)
          const field = (key: string): FieldWiring => ({
            ...form.register(pathOf(path(key))),
            'aria-invalid': problemAt(path(key))?.message ? true : undefined,
          })
          return (
            <div key={item.id}>
              <div className="flex gap-2">
                {children({ row: rows[index] ?? item, label, field })}
                <Button
                  variant="ghost"
                  data-remove-row
                  aria-label={`Remove ${label}`}
                  icon={<X size={14} aria-hidden />}
                  onClick={() => removeAt(index)}
                />
              </div>
              {ofRow && <FieldError className="mt-1">{ofRow}</FieldError>}
            </div>
          )
        })}
      </div>
      {problem && <FieldError className="mt-1">{problem}</FieldError>}
      <Button
        ref={addButton}
        variant="ghost"
        icon={<Plus size={14} aria-hidden />}
        onClick={() => append(blank(rows))}
        className="mt-1 -ml-2 px-2"
      >
        {add}
      </Button>
    </fieldset>
  )
}
