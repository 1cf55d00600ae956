// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import { ConfirmDialog } from './dialog'

/** The dialog is loaded when it opens. */
const patient = { timeout: 60_000 }

afterEach(cleanup)

async function show() {
  const onConfirm = vi.fn()
  render(
    <ConfirmDialog
      open
      onClose={() => {}}
      title="Delete web-api?"
      typeName="web-api"
      action="Delete"
      onConfirm={onConfirm}
    >
      This can't be undone.
    </ConfirmDialog>,
  )
  const field = await screen.findByLabelText<HTMLInputElement>(/Type web-api/, {}, patient)
  const submit = (): void => {
    fireEvent.submit(field.form ?? field)
  }
  return { onConfirm, field, submit }
}

test('an irreversible action requires typing the name', async () => {
  const { onConfirm, field, submit } = await show()
  submit()
  fireEvent.change(field, { target: { value: 'web-ap' } })
  submit()
  expect(onConfirm).not.toHaveBeenCalled()
  fireEvent.change(field, { target: { value: 'web-api' } })
  submit()
  expect(onConfirm).toHaveBeenCalledTimes(1)
})

test('the blocked button says why', async () => {
  await show()
  expect(screen.getByRole('button', { name: 'Delete' }).getAttribute('aria-disabled')).toBe('true')
})
