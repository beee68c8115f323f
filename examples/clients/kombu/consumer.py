"""Receives deals that changed, and rejects what it could not process. Needs kombu."""

import json
import os

from kombu import Connection, Exchange, Queue
from kombu.mixins import ConsumerMixin
from kombu.serialization import register

URL = os.environ.get("RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672").split(",")[0]
PREFIX = os.environ.get("AMQP_PREFIX", "bitrix24")
QUEUE = os.environ.get("QUEUE", "example-kombu")

# Without it the body is a text.
register("cloudevents", json.dumps, json.loads, "application/cloudevents+json", "utf-8")

# Ids of the changes that are done. In earnest: a table, written in the same transaction as the effect.
done = set()


def book(deal, attempt):
    """What your service does. Reads the deal's present state over REST, as an event only says that it changed."""
    if deal == "7" and attempt == 1:  # on purpose, to show a retry
        raise ValueError("deal 7 has no customer yet")


# Passive: the bridge declares its exchange, with arguments of its own.
EVENTS = Exchange(f"{PREFIX}.events", type="topic", passive=True)
DEALS = Queue(
    QUEUE,
    EVENTS,
    routing_key="*.crm.deal.*",
    durable=True,
    queue_arguments={"x-queue-type": "quorum", "x-dead-letter-exchange": f"{PREFIX}.failures"},
)


class Deals(ConsumerMixin):
    def __init__(self, connection):
        self.connection = connection

    def get_consumers(self, consumer, channel):
        # `accept` must name the events' type: what it does not name is acknowledged and gone, with a log line at most.
        return [
            consumer([DEALS], callbacks=[self.on_event], accept=["application/cloudevents+json"], prefetch_count=50)
        ]

    def on_consume_ready(self, connection, channel, consumers, **_):
        print(f"waiting for deals on {QUEUE}", flush=True)

    def on_decode_error(self, message, exc):
        print(f"not an event: {exc}", flush=True)
        message.reject()  # the default acknowledges

    def on_event(self, event, message):
        deal, attempt = event["data"]["data"]["FIELDS"]["ID"], event["attempt"]
        if event["id"] in done:
            print(f"deal {deal} is done already", flush=True)
        else:
            try:
                book(deal, attempt)
            except Exception as error:
                print(f"deal {deal} failed, attempt {attempt}: {error}", flush=True)
                message.reject()  # to the dead-letter exchange
                return
            done.add(event["id"])
            print(f"deal {deal} done, attempt {attempt}", flush=True)
        message.ack()


with Connection(URL, heartbeat=30) as connection:
    Deals(connection).run()
