/** The environment of the server, read and checked once at start. Nothing else reads process.env for settings. */
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { z } from 'zod'
import { addressEntries, isAddressEntry } from './addresses'

export interface Env {
  port: number
  /** The address of this machine that is listened on. */
  host: string
  /** Scheme and host under which people and agents reach this installation; null: whatever they asked for. */
  publicUrl: string | null
  /** Addresses and networks whose X-Forwarded headers are believed. */
  trustedProxies: readonly string[]
  /** Addresses and networks to which notifications may go although they are refused by default. */
  webhookAddresses: readonly string[]
  /** Absolute. */
  dataDir: string
  /** Null: the embedded PostgreSQL is used. */
  databaseUrl: string | null
  adminUsername: string
  /** Null: a password is generated for the first administrator, and shown once. */
  adminPassword: string | null
  fleet: (typeof fleets)[number]
  role: (typeof programRoles)[number]
  demoNodes: number
  logLevel: (typeof logLevels)[number]
  production: boolean
}

const fleets = ['demo', 'local', 'none'] as const
/** What this process runs of the control plane; not to be confused with the roles of people. */
const programRoles = ['all', 'web', 'scheduler'] as const
const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/** One line that names the variable and says what it may be. */
export class EnvError extends Error {
  override name = 'EnvError'
}

const wholeNumber = (min: number, max: number) => {
  const rule = `must be a whole number from ${min} to ${max}`
  return z
    .string()
    .regex(/^\d{1,9}$/, rule)
    .transform(Number)
    .pipe(z.number(rule).min(min, rule).max(max, rule))
}

const oneOf = <const T extends readonly string[]>(values: T) => {
  const rule = `must be one of ${values.join(', ')}`
  return z.preprocess((value) => (typeof value === 'string' ? value.trim().toLowerCase() : value), z.enum(values, rule))
}

const isPostgresUrl = (text: string): boolean => {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, pathname } = new URL(text)
  return /^postgres(ql)?:$/.test(protocol) && hostname !== '' && pathname.length > 1
}

/** Scheme and host alone: pages live at the root of it. */
const isOrigin = (text: string): boolean => {
  if (!URL.canParse(text)) return false
  const url = new URL(text)
  return /^https?:$/.test(url.protocol) && url.hostname !== '' && url.href === `${url.origin}/`
}

const addressList = z
  .string()
  .transform(addressEntries)
  .refine((entries) => entries.every(isAddressEntry), 'must be addresses or networks, such as 10.0.0.1, 192.168.0.0/16')

const variables = z.object({
  PORT: wholeNumber(1, 65535).default(3000),
  FOGDECK_HOST: z
    .string()
    .trim()
    .refine((text) => isIP(text) !== 0, 'must be an address of this machine, such as 127.0.0.1 or 0.0.0.0')
    .default('0.0.0.0'),
  FOGDECK_PUBLIC_URL: z
    .string()
    .trim()
    .refine(isOrigin, 'must be scheme and host, such as https://fogdeck.example.org')
    .transform((text) => new URL(text).origin)
    .nullable()
    .default(null),
  FOGDECK_TRUSTED_PROXIES: addressList.default([]),
  FOGDECK_WEBHOOK_ADDRESSES: addressList.default([]),
  FOGDECK_DATA_DIR: z.string().default('.fogdeck'),
  DATABASE_URL: z
    .string()
    .refine(isPostgresUrl, 'must look like postgresql://user:password@host:5432/database')
    .nullable()
    .default(null),
  FOGDECK_ADMIN_USERNAME: z
    .string()
    .regex(/^[A-Za-z0-9._@-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, underscores, hyphens or @')
    .default('admin'),
  FOGDECK_ADMIN_PASSWORD: z.string().max(1000, 'must be at most 1000 characters').nullable().default(null),
  FOGDECK_FLEET: oneOf(fleets).default('demo'),
  FOGDECK_ROLE: oneOf(programRoles).default('all'),
  FOGDECK_DEMO_NODES: wholeNumber(1, 10_000).default(12),
  LOG_LEVEL: oneOf(logLevels).default('info'),
  NODE_ENV: z.string().default('development'),
})

/** These may hold a secret, so a complaint about them doesn't repeat the value. */
const secretVariables = ['DATABASE_URL', 'FOGDECK_ADMIN_PASSWORD']

type EnvSource = Readonly<Record<string, string | undefined>>

/** @throws EnvError at the first wrong value. An empty variable counts as not set. */
export function readEnv(source: EnvSource = process.env): Env {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value !== ''))
  const parsed = variables.safeParse(given)
  if (!parsed.success) throw new EnvError(complaint(parsed.error.issues[0], given))
  const is = parsed.data
  return {
    port: is.PORT,
    host: is.FOGDECK_HOST,
    publicUrl: is.FOGDECK_PUBLIC_URL,
    trustedProxies: is.FOGDECK_TRUSTED_PROXIES,
    webhookAddresses: is.FOGDECK_WEBHOOK_ADDRESSES,
    dataDir: resolve(is.FOGDECK_DATA_DIR),
    databaseUrl: is.DATABASE_URL,
    adminUsername: is.FOGDECK_ADMIN_USERNAME,
    adminPassword: is.FOGDECK_ADMIN_PASSWORD,
    fleet: is.FOGDECK_FLEET,
    role: is.FOGDECK_ROLE,
    demoNodes: is.FOGDECK_DEMO_NODES,
    logLevel: is.LOG_LEVEL,
    production: is.NODE_ENV === 'production',
  }
}

function complaint(issue: z.core.$ZodIssue | undefined, given: EnvSource): string {
  const name = String(issue?.path[0] ?? 'The environment')
  const rule = issue?.message ?? 'is not valid'
  return secretVariables.includes(name) ? `${name} ${rule}` : `${name} ${rule}, not ${JSON.stringify(given[name])}`
}
