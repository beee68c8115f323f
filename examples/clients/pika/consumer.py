"""Receives deals that changed, and reports by a reply what it could not process. Needs pika."""

import json
import os

import pika

URL = os.environ.get("RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672").split(",")[0]
PREFIX = os.environ.get("AMQP_PREFIX", "bitrix24")
QUEUE = os.environ.get("QUEUE", "example-pika")

# Ids of the changes that are done. In earnest: a table, written in the same transaction as the effect.
done = set()


def book(deal, attempt):
    """What your service does. Reads the deal's present state over REST, as an event only says that it changed."""
    if deal == "7" and attempt == 1:  # on purpose, to show a retry
        raise ValueError("deal 7 has no customer yet")


def report_failure(channel, properties, reason):
    """Names the event by its correlation id; lost only if the broker is, and then the event is not acknowledged."""
    channel.basic_publish(
        exchange="",
        routing_key=properties.reply_to,
        body=json.dumps({"status": "failed", "reason": reason}),
        properties=pika.BasicProperties(
            correlation_id=properties.correlation_id,
            content_type="application/json",
            delivery_mode=2,
        ),
        mandatory=True,
    )


def on_event(channel, method, properties, body):
    event = json.loads(body)
    deal, attempt = event["data"]["data"]["FIELDS"]["ID"], event["attempt"]
    if event["id"] in done:
        print(f"deal {deal} is done already", flush=True)
    else:
        try:
            book(deal, attempt)
            done.add(event["id"])
            print(f"deal {deal} done, attempt {attempt}", flush=True)
        except Exception as error:
            print(f"deal {deal} failed, attempt {attempt}: {error}", flush=True)
            report_failure(channel, properties, str(error))
    channel.basic_ack(method.delivery_tag)


connection = pika.BlockingConnection(pika.URLParameters(URL))
channel = connection.channel()
channel.confirm_delivery()  # a reply is waited for until the broker has it
channel.basic_qos(prefetch_count=50)
channel.queue_declare(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
channel.queue_bind(QUEUE, f"{PREFIX}.events", "*.crm.deal.*")
channel.basic_consume(QUEUE, on_event)
print(f"waiting for deals on {QUEUE}", flush=True)
channel.start_consuming()
