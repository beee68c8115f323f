<?php

declare(strict_types=1);

// Composer's autoloader, or Debian's.
if (is_file(__DIR__ . '/vendor/autoload.php')) {
    require __DIR__ . '/vendor/autoload.php';
} else {
    require 'Symfony/Component/Messenger/autoload.php';
    require 'Symfony/Component/EventDispatcher/autoload.php';
    require 'Symfony/Component/Messenger/Bridge/Amqp/autoload.php';
}

use Symfony\Component\EventDispatcher\EventDispatcher;
use Symfony\Component\Messenger\Bridge\Amqp\Transport\AmqpTransport;
use Symfony\Component\Messenger\Bridge\Amqp\Transport\Connection;
use Symfony\Component\Messenger\Envelope;
use Symfony\Component\Messenger\Exception\MessageDecodingFailedException;
use Symfony\Component\Messenger\Handler\HandlersLocator;
use Symfony\Component\Messenger\MessageBus;
use Symfony\Component\Messenger\Middleware\HandleMessageMiddleware;
use Symfony\Component\Messenger\Transport\Serialization\SerializerInterface;
use Symfony\Component\Messenger\Worker;

$url = explode(',', getenv('RABBITMQ_URL') ?: 'amqp://guest:guest@127.0.0.1:5672')[0];
$prefix = getenv('AMQP_PREFIX') ?: 'bitrix24';
$queue = getenv('QUEUE') ?: 'example-symfony-messenger';

final class DealEvent
{
    public function __construct(
        public readonly string $id,
        public readonly string $deal,
        public readonly int $attempt,
    ) {
    }
}

/** Messenger's own serializers only read what Messenger wrote. */
final class DealEventSerializer implements SerializerInterface
{
    public function decode(array $encodedEnvelope): Envelope
    {
        try {
            $event = json_decode($encodedEnvelope['body'], true, 512, JSON_THROW_ON_ERROR);
            $deal = $event['data']['data']['FIELDS']['ID'];
            return new Envelope(new DealEvent($event['id'], $deal, $event['attempt']));
        } catch (Throwable $error) {
            // Messenger rejects it: to the dead-letter exchange.
            throw new MessageDecodingFailedException($error->getMessage(), 0, $error);
        }
    }

    public function encode(Envelope $envelope): array
    {
        throw new LogicException('the bridge retries, not Messenger: max_retries must be 0');
    }
}

/** What your service does. Reads the deal's present state over REST, as an event only says that it changed. */
function book(string $deal, int $attempt): void
{
    if ($deal === '7' && $attempt === 1) { // on purpose, to show a retry
        throw new RuntimeException('deal 7 has no customer yet');
    }
}

// Ids of the changes that are done. In earnest: a table, written in the same transaction as the effect.
$done = [];
$handle = function (DealEvent $event) use (&$done): void {
    if (isset($done[$event->id])) {
        echo "deal {$event->deal} is done already\n";
        return;
    }
    try {
        book($event->deal, $event->attempt);
    } catch (Throwable $error) {
        echo "deal {$event->deal} failed, attempt {$event->attempt}: {$error->getMessage()}\n";
        throw $error; // without Messenger's retries: rejected, to the dead-letter exchange
    }
    $done[$event->id] = true;
    echo "deal {$event->deal} done, attempt {$event->attempt}\n";
};

// The same options stand in config/packages/messenger.yaml. Messenger always declares the exchange, so it must be
// declared exactly as the bridge does.
$connection = Connection::fromDsn($url, [
    'exchange' => [
        'name' => "$prefix.events",
        'type' => 'topic',
        'arguments' => ['alternate-exchange' => "$prefix.unrouted"],
    ],
    'queues' => [
        $queue => [
            'binding_keys' => ['*.crm.deal.*'],
            'arguments' => ['x-queue-type' => 'quorum', 'x-dead-letter-exchange' => "$prefix.failures"],
        ],
    ],
]);
$transport = new AmqpTransport($connection, new DealEventSerializer());
$transport->setup();
$bus = new MessageBus([new HandleMessageMiddleware(new HandlersLocator([DealEvent::class => [$handle]]))]);
echo "waiting for deals on $queue\n";
(new Worker(['deals' => $transport], $bus, new EventDispatcher()))->run(['sleep' => 200_000]);
