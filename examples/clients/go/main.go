// Receives deals that changed, and replies about what it could not process.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"
)

type event struct {
	ID      string `json:"id"`
	Attempt int    `json:"attempt"`
	Data    struct {
		Data struct {
			Fields struct{ ID string } `json:"FIELDS"`
		} `json:"data"`
	} `json:"data"`
}

// What your service does. Reads the deal's present state over REST, as an event only says that it changed.
func book(deal string, attempt int) error {
	if deal == "7" && attempt == 1 { // on purpose, to show a retry
		return errors.New("deal 7 has no customer yet")
	}
	return nil
}

func setting(name, otherwise string) string {
	if value, ok := os.LookupEnv(name); ok {
		return value
	}
	return otherwise
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// Waits until the broker has the reply, so that the event may be acknowledged.
func reportFailure(channel *amqp.Channel, delivery amqp.Delivery, reason string) error {
	body, err := json.Marshal(map[string]string{"status": "failed", "reason": reason})
	if err != nil {
		return err
	}
	confirmation, err := channel.PublishWithDeferredConfirmWithContext(
		context.Background(), "", delivery.ReplyTo, false, false,
		amqp.Publishing{
			ContentType:   "application/json",
			CorrelationId: delivery.CorrelationId,
			DeliveryMode:  amqp.Persistent,
			Body:          body,
		})
	if err != nil {
		return err
	}
	if !confirmation.Wait() {
		return errors.New("the broker refused the reply")
	}
	return nil
}

func main() {
	url := strings.Split(setting("RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672"), ",")[0]
	prefix := setting("AMQP_PREFIX", "bitrix24")
	queue := setting("QUEUE", "example-go")

	connection, err := amqp.Dial(url)
	must(err)
	channel, err := connection.Channel()
	must(err)
	must(channel.Confirm(false))
	must(channel.Qos(50, 0, false))
	_, err = channel.QueueDeclare(queue, true, false, false, false, amqp.Table{
		"x-queue-type":           "quorum",
		"x-dead-letter-exchange": prefix + ".failures",
	})
	must(err)
	must(channel.QueueBind(queue, "*.crm.deal.*", prefix+".events", false, nil))
	deliveries, err := channel.Consume(queue, "", false, false, false, false, nil)
	must(err)
	fmt.Println("waiting for deals on", queue)

	// Ids of the changes that are done. In earnest: a table, written in the same transaction as the effect.
	done := map[string]bool{}
	for delivery := range deliveries {
		var change event
		if err := json.Unmarshal(delivery.Body, &change); err != nil {
			must(delivery.Reject(false)) // to the dead-letter exchange
			continue
		}
		deal := change.Data.Data.Fields.ID
		if done[change.ID] {
			fmt.Printf("deal %s is done already\n", deal)
		} else if err := book(deal, change.Attempt); err != nil {
			fmt.Printf("deal %s failed, attempt %d: %v\n", deal, change.Attempt, err)
			must(reportFailure(channel, delivery, err.Error()))
		} else {
			done[change.ID] = true
			fmt.Printf("deal %s done, attempt %d\n", deal, change.Attempt)
		}
		must(delivery.Ack(false))
	}
	// The channel of deliveries is closed with the connection, or when the queue is deleted: nothing reconnects.
	log.Fatal("the broker has gone")
}
