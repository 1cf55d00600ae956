-- AlterTable
ALTER TABLE "deployments" ADD COLUMN     "lost_after_seconds" INTEGER NOT NULL DEFAULT 30;

-- AlterTable
ALTER TABLE "nodes" ADD COLUMN     "offline_since" TIMESTAMPTZ(3),
ADD COLUMN     "silence_counted_from" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "storm_brakes" (
    "id" BIGSERIAL NOT NULL,
    "region" TEXT NOT NULL,
    "cause" TEXT NOT NULL,
    "began_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "silent" INTEGER NOT NULL,
    "nodes" INTEGER NOT NULL,
    "overruled_at" TIMESTAMPTZ(3),
    "overruled_by" TEXT,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "storm_brakes_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "node_returns" (
    "id" BIGSERIAL NOT NULL,
    "node_id" UUID NOT NULL,
    "silent_since" TIMESTAMPTZ(3) NOT NULL,
    "returned_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "node_returns_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "node_return_replicas" (
    "return_id" BIGINT NOT NULL,
    "replica_id" UUID NOT NULL,
    "plan" TEXT NOT NULL,
    "outcome" TEXT,
    "why" TEXT NOT NULL,
    "settled_at" TIMESTAMPTZ(3),

    CONSTRAINT "node_return_replicas_pkey" PRIMARY KEY ("return_id","replica_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "node_returns_node_id_silent_since_key" ON "node_returns"("node_id", "silent_since");

-- AddForeignKey
ALTER TABLE "node_returns" ADD CONSTRAINT "node_returns_node_id_fkey" FOREIGN KEY ("node_id") REFERENCES "nodes"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "node_return_replicas" ADD CONSTRAINT "node_return_replicas_return_id_fkey" FOREIGN KEY ("return_id") REFERENCES "node_returns"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Below this line: what prisma/schema.prisma has no words for, written by hand.

ALTER TABLE "deployments" ADD CONSTRAINT "deployments_lost_after_check" CHECK ("lost_after_seconds" BETWEEN 0 AND 86400);

ALTER TABLE "storm_brakes"
  ADD CONSTRAINT "storm_brakes_cause_check" CHECK ("cause" IN ('region', 'fleet')),
  ADD CONSTRAINT "storm_brakes_counts_check" CHECK ("silent" BETWEEN 0 AND "nodes");
CREATE UNIQUE INDEX "storm_brakes_one_open_per_region" ON "storm_brakes" ("region") WHERE "ended_at" IS NULL;

ALTER TABLE "node_return_replicas"
  ADD CONSTRAINT "node_return_replicas_plan_check" CHECK ("plan" IN ('keep', 'stop', 'update')),
  ADD CONSTRAINT "node_return_replicas_outcome_check" CHECK ("outcome" IN ('kept', 'stopped', 'updated', 'failed'));
-- Agents' reports look here whether somebody waits for them; few rows do.
CREATE INDEX "node_return_replicas_unsettled_idx" ON "node_return_replicas" ("replica_id") WHERE "settled_at" IS NULL;
