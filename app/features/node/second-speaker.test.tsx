// @vitest-environment happy-dom
import { QueryClientProvider } from '@tanstack/react-query'
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { MeProvider } from '@/app/features/session/me'
import { makeQueryClient, makeTrpcClient } from '@/app/shell/client'
import { TRPCProvider } from '@/app/trpc'
import type { Role } from '@/core/accounts/roles'
import type { SecondSpeakerView } from '@/core/views/nodes'
import SecondSpeaker from './second-speaker'

const node = { id: '0199-node', nodeId: 'node-01' }
const copy: SecondSpeakerView = {
  instance: 'a1b2',
  kind: 'machine',
  hostName: 'pi-2',
  pid: 100,
  address: '10.0.0.7',
  since: '2026-11-30T12:00:00.000Z',
  refusedAt: '2026-11-30T12:10:00.000Z',
  movable: true,
  holder: 'pi-1',
  allowed: false,
}

/** The dialog is loaded when it opens. */
const patient = { timeout: 30_000 }

/** The inputs that were sent, by procedure. */
const sent: { path: string; body: unknown }[] = []
beforeEach(() => {
  sent.length = 0
  vi.stubGlobal('fetch', async (url: string, init?: RequestInit) => {
    const body: unknown = typeof init?.body === 'string' ? JSON.parse(init.body) : null
    sent.push({ path: new URL(url, 'http://localhost').pathname, body })
    return new Promise<Response>(() => {})
  })
})
afterEach(() => {
  cleanup()
  vi.unstubAllGlobals()
})

function show(second: SecondSpeakerView, role: Role = 'admin') {
  const queries = makeQueryClient()
  const page = (now: SecondSpeakerView) => (
    <QueryClientProvider client={queries}>
      <TRPCProvider trpcClient={makeTrpcClient()} queryClient={queries}>
        <MeProvider me={{ id: 'u', username: 'ann', role }}>
          <SecondSpeaker node={node} second={now} />
        </MeProvider>
      </TRPCProvider>
    </QueryClientProvider>
  )
  const { rerender } = render(page(second))
  return { becomes: (next: SecondSpeakerView) => rerender(page(next)) }
}

const status = () => screen.getByRole('status').textContent
const button = () => screen.queryByRole('button', { name: 'Let it take over' })
const moves = () => sent.filter(({ path }) => path.endsWith('node.move'))

test('names both agents and says what to do', () => {
  show(copy)
  expect(status()).toContain("A second machine uses this node's identity and is refused")
  expect(status()).toContain('pi-2 at 10.0.0.7')
  expect(status()).toContain('pi-1 stays connected')
  expect(status()).toContain('an empty data folder and a join token')
})

test('the takeover dialog says what happens and sends the machine that it shows', async () => {
  const { becomes } = show(copy)
  fireEvent.click(button() ?? document.body)
  const dialog = await screen.findByRole('dialog', { name: 'Let pi-2 at 10.0.0.7 take node-01 over?' }, patient)
  expect(dialog.textContent).toContain('(pi-1) is refused from then on')
  expect(dialog.textContent).toContain('keep running until you stop them')
  becomes({ ...copy, instance: 'c3d4', hostName: 'pi-3' })
  expect(moves()).toEqual([])
  fireEvent.submit(dialog.querySelector('form') ?? dialog)
  await waitFor(() => expect(moves()).toHaveLength(1), patient)
  expect(moves()).toMatchObject([{ body: { 0: { id: node.id, instance: 'a1b2' } } }])
})

test('only administrators can let it take over', () => {
  show(copy, 'operator')
  expect(button()?.getAttribute('aria-disabled')).toBe('true')
  cleanup()
  show(copy)
  expect(button()?.getAttribute('aria-disabled')).toBeNull()
})

test('asks to stop one of two agents on the same machine', () => {
  show({ ...copy, kind: 'process', movable: false, pid: 200, hostName: 'pi-1' })
  expect(status()).toContain('Process 200 on pi-1')
  expect(status()).toContain('Stop one of the two agents')
  expect(button()).toBeNull()
})

test('shows an approved takeover instead of asking again', () => {
  show({ ...copy, allowed: true })
  expect(status()).toContain('pi-2 at 10.0.0.7 may take this node over')
  expect(button()).toBeNull()
})
