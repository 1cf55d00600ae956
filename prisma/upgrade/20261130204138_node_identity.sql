-- AlterTable
ALTER TABLE "nodes" ADD COLUMN     "agent_instance" UUID;

-- CreateTable
CREATE TABLE "agents" (
    "credential_hash" TEXT NOT NULL,
    "instance" UUID,
    "machine" JSONB,
    "claimed_at" TIMESTAMPTZ(3),
    "second" JSONB,
    "second_at" TIMESTAMPTZ(3),
    "allowed" JSONB,
    "allowed_until" TIMESTAMPTZ(3),

    CONSTRAINT "agents_pkey" PRIMARY KEY ("credential_hash")
);
