<?php

declare(strict_types=1);

// Composer's autoloader, or Debian's.
require is_file(__DIR__ . '/vendor/autoload.php') ? __DIR__ . '/vendor/autoload.php' : 'PhpAmqpLib/autoload.php';

use PhpAmqpLib\Connection\AMQPStreamConnection;
use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPTable;

$url = parse_url(explode(',', getenv('RABBITMQ_URL') ?: 'amqp://guest:guest@127.0.0.1:5672')[0]);
$prefix = getenv('AMQP_PREFIX') ?: 'bitrix24';
$queue = getenv('QUEUE') ?: 'example-php-amqplib';

/** What your service does. Reads the deal's present state over REST, as an event only says that it changed. */
function book(string $deal, int $attempt): void
{
    if ($deal === '7' && $attempt === 1) { // on purpose, to show a retry
        throw new RuntimeException('deal 7 has no customer yet');
    }
}

$connection = new AMQPStreamConnection(
    $url['host'],
    $url['port'] ?? 5672,
    rawurldecode($url['user'] ?? 'guest'),
    rawurldecode($url['pass'] ?? 'guest'),
    rawurldecode(substr($url['path'] ?? '', 1)) ?: '/',
);
$channel = $connection->channel();
$channel->basic_qos(0, 50, false);
$channel->queue_declare($queue, false, true, false, false, false, new AMQPTable([
    'x-queue-type' => 'quorum',
    // The bridge listens behind this exchange: an event that is rejected is a failure report.
    'x-dead-letter-exchange' => "$prefix.failures",
]));
$channel->queue_bind($queue, "$prefix.events", '*.crm.deal.*');

// Ids of the changes that are done. In earnest: a table, written in the same transaction as the effect.
$done = [];

$channel->basic_consume($queue, '', false, false, false, false, function (AMQPMessage $message) use (&$done): void {
    $deal = $attempt = null;
    try {
        $event = json_decode($message->getBody(), true, 512, JSON_THROW_ON_ERROR);
        ['id' => $id, 'attempt' => $attempt] = $event;
        $deal = $event['data']['data']['FIELDS']['ID'];
        if (isset($done[$id])) {
            echo "deal $deal is done already\n";
        } else {
            book($deal, $attempt);
            $done[$id] = true;
            echo "deal $deal done, attempt $attempt\n";
        }
        $message->ack();
    } catch (Throwable $error) {
        echo "deal $deal failed, attempt $attempt: {$error->getMessage()}\n";
        $message->nack();
    }
});
echo "waiting for deals on $queue\n";
while ($channel->is_consuming()) {
    $channel->wait();
}
