"""Receives deals that changed in a Celery worker, beside its tasks, and replies about what failed. Needs celery."""

import json
import os

from celery import Celery, bootsteps
from kombu import Consumer, Exchange, Producer, Queue
from kombu.serialization import register

URL = os.environ.get("RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672").split(",")[0]
PREFIX = os.environ.get("AMQP_PREFIX", "bitrix24")
QUEUE = os.environ.get("QUEUE", "example-celery")

# Without it the body is a text.
register("cloudevents", json.dumps, json.loads, "application/cloudevents+json", "utf-8")

# Ids of the changes that are done. In earnest: a table, written in the same transaction as the effect.
done = set()

app = Celery("deals", broker=URL)
# A queue for tasks is only needed by those that have some.
app.conf.task_default_queue = f"{QUEUE}.tasks"
TASKS = Exchange(f"{QUEUE}.tasks", durable=False, auto_delete=True)
app.conf.task_queues = [Queue(f"{QUEUE}.tasks", TASKS, durable=False, auto_delete=True)]
app.conf.worker_enable_remote_control = False
# What is printed stays as it is.
app.conf.worker_redirect_stdouts = False


def book(deal, attempt):
    """What your service does. Reads the deal's present state over REST, as an event only says that it changed."""
    if deal == "7" and attempt == 1:  # on purpose, to show a retry
        raise ValueError("deal 7 has no customer yet")


class DealsStep(bootsteps.ConsumerStep):
    """An event is no Celery task: it needs a consumer of its own in the worker."""

    def get_consumers(self, channel):
        self.producer = Producer(channel)
        # Passive: the bridge declares its exchange, with arguments of its own.
        events = Exchange(f"{PREFIX}.events", type="topic", passive=True)
        arguments = {"x-queue-type": "quorum", "x-dead-letter-exchange": f"{PREFIX}.failures"}
        queue = Queue(QUEUE, events, routing_key="*.crm.deal.*", durable=True, queue_arguments=arguments)
        return [
            Consumer(
                channel,
                queues=[queue],
                callbacks=[self.on_event],
                on_decode_error=lambda message, _error: message.reject(),
                accept=["application/cloudevents+json"],
                prefetch_count=50,
            )
        ]

    def start(self, parent):
        super().start(parent)
        print(f"waiting for deals on {QUEUE}", flush=True)

    def on_event(self, event, message):
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
                self.report_failure(message, str(error))
        message.ack()

    def report_failure(self, message, reason):
        self.producer.publish(
            {"status": "failed", "reason": reason},
            exchange="",
            routing_key=message.properties["reply_to"],
            correlation_id=message.properties["correlation_id"],
            serializer="json",
            delivery_mode=2,
        )


app.steps["consumer"].add(DealsStep)

if __name__ == "__main__":
    app.worker_main(["worker", "--pool=solo", "--without-gossip", "--without-mingle", "--loglevel=warning"])
