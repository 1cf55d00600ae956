// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react'
import { useForm } from 'react-hook-form'
import { afterEach, expect, test } from 'vitest'
import { Input } from './field'
import { FieldRows } from './field-rows'

afterEach(cleanup)

interface Ports {
  ports: { container: string; host: string }[]
}

function PortForm({ ports = [] }: Partial<Ports>) {
  const form = useForm<Ports>({
    defaultValues: { ports },
    resolver: ({ ports: rows }) => ({
      values: {},
      errors: {
        ports: Object.assign(
          rows.map(({ container, host }) => ({
            ...(host === '' && { host: { type: 'check', message: 'Give a host port' } }),
            ...(container === '' && { container: { type: 'check', message: 'Give a container port' } }),
          })),
          rows.length > 2 && { root: { type: 'check', message: 'At most 2 ports' } },
        ),
      },
    }),
  })
  return (
    <form onSubmit={(event) => void form.handleSubmit(() => {})(event)}>
      <FieldRows
        form={form}
        name="ports"
        title="Published ports"
        hint="Blank = random host port."
        add="Add a port"
        noun="port"
        blank={() => ({ container: '', host: '' })}
      >
        {({ row, label, field }) => (
          <>
            <Input aria-label={`Container ${label}`} {...field('container')} />
            <Input aria-label={`Host port for ${label}`} placeholder={`like ${row.container}`} {...field('host')} />
          </>
        )}
      </FieldRows>
      <button type="submit">Send</button>
    </form>
  )
}

const field = (name: string) => screen.getByLabelText<HTMLInputElement>(name)
const button = (name: string) => screen.getByRole('button', { name })
const values = () => screen.queryAllByLabelText<HTMLInputElement>(/^Container/).map(({ value }) => value)
const rowsOf = (...containers: string[]) => containers.map((container) => ({ container, host: '1' }))

test('adds a blank row and moves the focus into it', async () => {
  render(<PortForm />)
  expect(screen.getByRole('group', { name: 'Published ports' })).toBeTruthy()
  fireEvent.click(button('Add a port'))
  await waitFor(() => expect(document.activeElement).toBe(field('Container port 1')))
  expect(field('Container port 1').value).toBe('')
})

test('removes a row, renames the others, and moves the focus to the row that took its place', () => {
  render(<PortForm ports={rowsOf('80', '81', '82')} />)
  fireEvent.click(button('Remove port 2'))
  expect(values()).toEqual(['80', '82'])
  expect(document.activeElement).toBe(button('Remove port 2'))
})

test('moves the focus to the row above when the last row is removed, and from the only row to the button that adds one', () => {
  render(<PortForm ports={rowsOf('80', '81')} />)
  fireEvent.click(button('Remove port 2'))
  expect(document.activeElement).toBe(button('Remove port 1'))
  fireEvent.click(button('Remove port 1'))
  expect(values()).toEqual([])
  expect(document.activeElement).toBe(button('Add a port'))
})

test('shows the first error of each row, in the order of its fields, and marks all wrong fields', async () => {
  render(
    <PortForm
      ports={[
        { container: '80', host: '8080' },
        { container: '', host: '' },
      ]}
    />,
  )
  fireEvent.click(button('Send'))
  expect((await screen.findByRole('alert')).textContent).toBe('Give a container port')
  const marked = screen.getAllByRole('textbox').map((input) => input.getAttribute('aria-invalid'))
  expect(marked).toEqual([null, null, 'true', 'true'])
})

test('shows an error of the whole list', async () => {
  render(<PortForm ports={rowsOf('80', '81', '82')} />)
  fireEvent.click(button('Send'))
  expect((await screen.findByRole('alert')).textContent).toBe('At most 2 ports')
})

test('gives each row its present values', () => {
  render(<PortForm ports={rowsOf('80')} />)
  fireEvent.change(field('Container port 1'), { target: { value: '443' } })
  expect(field('Host port for port 1').placeholder).toBe('like 443')
})
