-- AlterTable
ALTER TABLE "deployment_replicas" ADD COLUMN     "delivered_at" TIMESTAMPTZ(3),
ADD COLUMN     "node_revision" BIGINT NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "nodes" ADD COLUMN     "held_revision" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "reports_waiting_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "report_intake" (
    "id" INTEGER NOT NULL,
    "heartbeats_until" TIMESTAMPTZ(3),
    "reports_until" TIMESTAMPTZ(3),
    "resumed_at" TIMESTAMPTZ(3),

    CONSTRAINT "report_intake_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "report_intake_gaps" (
    "id" BIGSERIAL NOT NULL,
    "began_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "report_intake_gaps_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "report_intake_gaps_ended_at_idx" ON "report_intake_gaps"("ended_at");

-- Below this line: what prisma/schema.prisma cannot express, written by hand.

ALTER TABLE "report_intake" ADD CONSTRAINT "report_intake_one_row" CHECK ("id" = 1);
INSERT INTO "report_intake" ("id") VALUES (1);

ALTER TABLE "report_intake_gaps" ADD CONSTRAINT "report_intake_gaps_order" CHECK ("began_at" < "ended_at");
