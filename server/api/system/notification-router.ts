import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { idText, trimmedText } from '@/core/contract/fields'
import { testMessage } from '@/core/notifications/message'
import {
  channelKinds,
  channelSecretProblem,
  channelUrlProblem,
  type DeliveryOutcome,
  notificationKinds,
  notificationLimits,
} from '@/core/notifications/notification'
import { procedureFor, router } from '@/server/api/context/trpc'
import {
  createChannel,
  deleteChannel,
  listChannels,
  noteTest,
  pauseChannel,
  readReceiver,
  updateChannel,
} from '@/server/store/notifications/channels'
import { sendMessage } from '@/server/webhook/send'

const byId = z.object({ id: idText() })

/** Text that a function of the domain validates. */
const checked = (max: number, problemOf: (text: string) => string | null) =>
  trimmedText({ max }).superRefine((text, context) => {
    const message = problemOf(text)
    if (message !== null) context.addIssue({ code: 'custom', message })
  })

const url = checked(notificationLimits.url, channelUrlProblem)
const secret = checked(notificationLimits.secret.max, channelSecretProblem)
const channel = z.object({
  name: trimmedText({ max: notificationLimits.name }).min(1, 'Give the channel a name'),
  kind: z.enum(channelKinds, { error: `The kind must be one of ${channelKinds.join(', ')}` }),
  events: z
    .array(z.enum(notificationKinds, { error: `Events are ${notificationKinds.join(', ')}` }))
    .min(1, 'Choose at least one event')
    .max(notificationKinds.length, 'An event is listed twice')
    .transform((kinds) => notificationKinds.filter((kind) => kinds.includes(kind))),
})

const manage = procedureFor('notifications.manage')

/** Channels that receive events. No answer contains an address or a secret. */
export const notificationRouter = router({
  list: manage.query(({ ctx }) => listChannels(ctx.services.store)),

  create: manage
    .input(channel.extend({ url, secret: secret.nullable().default(null) }))
    .mutation(({ ctx, input }) => createChannel(ctx.services.store, ctx.actor, { ...input, linkOrigin: ctx.origin })),

  /** Updates a channel. Omitted `url` and `secret` stay unchanged; `secret: null` removes the secret. */
  update: manage
    .input(channel.extend({ id: idText(), url: url.optional(), secret: secret.nullish() }))
    .mutation(({ ctx, input: { id, ...input } }) =>
      updateChannel(ctx.services.store, ctx.actor, id, { ...input, linkOrigin: ctx.origin }),
    ),

  pause: manage
    .input(byId.extend({ paused: z.boolean() }))
    .mutation(({ ctx, input }) => pauseChannel(ctx.services.store, ctx.actor, input)),

  delete: manage.input(byId).mutation(({ ctx, input }) => deleteChannel(ctx.services.store, ctx.actor, input.id)),

  /** Sends a test message immediately from this process and returns the outcome. */
  test: manage.input(byId).mutation(async ({ ctx, input }): Promise<DeliveryOutcome> => {
    const { store, clock, stopping, webhookAddresses, publicUrl } = ctx.services
    const { id, name, linkOrigin, ...receiver } = await readReceiver(store, input.id)
    const message = testMessage({ id, name }, { deliveryId: randomUUID(), linkOrigin: publicUrl ?? linkOrigin })
    const outcome = await sendMessage(receiver, message, {
      now: clock.now(),
      signal: stopping,
      allowed: webhookAddresses,
    })
    await noteTest(store, ctx.actor, { id, name, ok: outcome.ok })
    return outcome
  }),
})
