-- CreateTable
CREATE TABLE "notification_channels" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "url_sealed" BYTEA NOT NULL,
    "url_hint" TEXT NOT NULL,
    "secret_sealed" BYTEA,
    "events" TEXT[],
    "link_origin" TEXT NOT NULL,
    "paused_at" TIMESTAMPTZ(3),
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "read_until" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "delivery_id" UUID,
    "sending_until" TIMESTAMPTZ(3),
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_try_at" TIMESTAMPTZ(3),
    "last_delivered_at" TIMESTAMPTZ(3),
    "failing_since" TIMESTAMPTZ(3),
    "last_error" TEXT,
    "waiting" INTEGER NOT NULL DEFAULT 0,
    "delivered" BIGINT NOT NULL DEFAULT 0,
    "failed" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "notification_channels_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "notification_channels_name_key" ON "notification_channels"("name");

-- Below this line: what prisma/schema.prisma has no words for, written by hand.

ALTER TABLE "notification_channels"
  ADD CONSTRAINT "notification_channels_kind_check" CHECK ("kind" IN ('webhook', 'slack')),
  ADD CONSTRAINT "notification_channels_message_check" CHECK (("delivery_id" IS NULL) = ("sending_until" IS NULL));
-- Rows of channels change with every message.
ALTER TABLE "notification_channels" SET (fillfactor = 80);
