"""Receives deals that changed, and rejects what it could not process. Needs aio-pika."""

import asyncio
import json
import os

import aio_pika

URL = os.environ.get("RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672").split(",")[0]
PREFIX = os.environ.get("AMQP_PREFIX", "bitrix24")
QUEUE = os.environ.get("QUEUE", "example-aio-pika")

# Ids of the changes that are done. In earnest: a table, written in the same transaction as the effect.
done = set()


async def book(deal, attempt):
    """What your service does. Reads the deal's present state over REST, as an event only says that it changed."""
    if deal == "7" and attempt == 1:  # on purpose, to show a retry
        raise ValueError("deal 7 has no customer yet")


async def on_event(message):
    # Without requeue, which is the default of `process`: to the dead-letter exchange when the block throws.
    async with message.process(requeue=False, ignore_processed=True):
        event = json.loads(message.body)
        deal, attempt = event["data"]["data"]["FIELDS"]["ID"], event["attempt"]
        if event["id"] in done:
            print(f"deal {deal} is done already", flush=True)
            return
        try:
            await book(deal, attempt)
        except Exception as error:
            print(f"deal {deal} failed, attempt {attempt}: {error}", flush=True)
            await message.reject(requeue=False)
            return
        done.add(event["id"])
        print(f"deal {deal} done, attempt {attempt}", flush=True)


async def main():
    connection = await aio_pika.connect_robust(URL)
    channel = await connection.channel()
    await channel.set_qos(prefetch_count=50)
    queue = await channel.declare_queue(
        QUEUE,
        durable=True,
        arguments={"x-queue-type": "quorum", "x-dead-letter-exchange": f"{PREFIX}.failures"},
    )
    # The name only: `declare_exchange` would need the bridge's arguments.
    await queue.bind(f"{PREFIX}.events", "*.crm.deal.*")
    await queue.consume(on_event)
    print(f"waiting for deals on {QUEUE}", flush=True)
    await asyncio.Future()


asyncio.run(main())
