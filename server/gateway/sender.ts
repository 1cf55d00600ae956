/**
 * Determines who sent a request and which address it was sent to. Headers of proxies count only when the proxy is
 * trusted.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { type AddressList, plainAddress } from '@/server/lib/addresses'

export interface Sender {
  /** Null when the connection is already closed. */
  address: string | null
  protocol: 'http' | 'https'
  /** Host and port as in a browser's address; null when the request has no well-formed host. */
  host: string | null
  /** True for a program on this machine, but not for a client of a proxy on this machine. */
  isLocal: boolean
}

const hostPattern = /^([A-Za-z0-9]([A-Za-z0-9._-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(:\d{1,5})?$/

/** @param peer the other end of the connection. */
export function senderOf(headers: IncomingHttpHeaders, peer: string | undefined, trusted: AddressList): Sender {
  const near = plainAddress(peer ?? '')
  const host = wellFormedHost(headers.host)
  if (near === null || !trusted.has(near)) {
    const isForwarded = forwardingHeaders.some((name) => headers[name] !== undefined)
    return { address: near, protocol: 'http', host, isLocal: near !== null && isLoopback(near) && !isForwarded }
  }
  const address = clientOf(near, textOf(headers['x-forwarded-for']), trusted)
  return {
    address,
    protocol: firstOf(headers['x-forwarded-proto'])?.toLowerCase() === 'https' ? 'https' : 'http',
    host: wellFormedHost(firstOf(headers['x-forwarded-host'])) ?? host,
    isLocal: isLoopback(address),
  }
}

export const forwardingHeaders = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-real-ip',
] as const

/**
 * Reads the header from its end: each entry was written by the proxy after it, so the first untrusted address is the
 * client.
 */
function clientOf(near: string, forwardedFor: string, trusted: AddressList): string {
  let client = near
  for (const entry of forwardedFor.split(',').reverse()) {
    const address = plainAddress(entry)
    if (address === null) return client
    client = address
    if (!trusted.has(address)) return client
  }
  return client
}

const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.')

const textOf = (header: string | string[] | undefined): string => [header ?? []].flat().join(',')
const firstOf = (header: string | string[] | undefined): string | undefined => textOf(header).split(',')[0]?.trim()
const wellFormedHost = (host: string | undefined): string | null =>
  host !== undefined && hostPattern.test(host) ? host.toLowerCase() : null
