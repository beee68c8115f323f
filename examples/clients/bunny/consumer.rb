# Receives deals that changed, and rejects what it could not process. Needs bunny.

require "bunny"
require "json"
require "set"

$stdout.sync = true

URL = ENV.fetch("RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672").split(",").first
PREFIX = ENV.fetch("AMQP_PREFIX", "bitrix24")
QUEUE = ENV.fetch("QUEUE", "example-bunny")

# What your service does. Reads the deal's present state over REST, as an event only says that it changed.
def book(deal, attempt)
  raise "deal 7 has no customer yet" if deal == "7" && attempt == 1 # on purpose, to show a retry
end

connection = Bunny.new(URL)
connection.start
channel = connection.create_channel
channel.prefetch(50)
queue = channel.queue(QUEUE, durable: true, arguments: {
  "x-queue-type" => "quorum",
  # The bridge listens behind this exchange: an event that is rejected is a failure report.
  "x-dead-letter-exchange" => "#{PREFIX}.failures",
})
# The name only: `channel.topic` would declare the bridge's exchange.
queue.bind("#{PREFIX}.events", routing_key: "*.crm.deal.*")

# Ids of the changes that are done. In earnest: a table, written in the same transaction as the effect.
done = Set.new

# Whoever started this program starts it again.
gone = ->(_) { abort "the queue was deleted" }
# Not `block: true`: that returns when the connection closes, before Bunny has come back.
queue.subscribe(manual_ack: true, on_cancellation: gone) do |delivery, _properties, body|
  deal = attempt = nil
  begin
    event = JSON.parse(body)
    deal = event["data"]["data"]["FIELDS"]["ID"]
    attempt = event["attempt"]
    if done.include?(event["id"])
      puts "deal #{deal} is done already"
    else
      book(deal, attempt)
      done.add(event["id"])
      puts "deal #{deal} done, attempt #{attempt}"
    end
    channel.ack(delivery.delivery_tag)
  rescue StandardError => error
    puts "deal #{deal} failed, attempt #{attempt}: #{error.message}"
    channel.reject(delivery.delivery_tag) # to the dead-letter exchange
  end
end
puts "waiting for deals on #{QUEUE}"
sleep
