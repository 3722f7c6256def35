package main

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

const maxBody = 4 * 1024 * 1024

func scenarios() []scenario {
	return []scenario{
		{"rebalance.member_is_killed", memberIsKilled},
		{"rebalance.4_to_2_to_4", fourTwoFour},
		{"send.sync", sendSync},
		{"send.async", sendAsync},
		{"send.oneway", sendOneWay},
		{"send.batch", sendBatch},
		{"send.selectors", sendSelectors},
		{"send.properties", sendProperties},
		{"send.empty_body", sendEmptyBody},
		{"send.large_body", sendLargeBody},
		{"send.compressed_body", sendCompressedBody},
		{"send.auto_created_topic", sendAutoCreated},
		{"send.illegal_topic", sendIllegalTopic},
		{"push.clustering", pushClustering},
		{"push.broadcasting", pushBroadcasting},
		{"push.ordered", pushOrdered},
		{"push.tags", pushTags},
		{"push.from_last", pushFromLast},
		{"push.from_timestamp", pushFromTimestamp},
		{"push.client_restart", pushClientRestart},
		{"pull.poll", pullPoll},
		{"pull.from_offset", pullFromOffset},
		{"admin.topics", adminTopics},
	}
}

// read consumes the topic from its start in a group of its own until `count` messages came.
func (s *stage) read(topic string, count int) []*primitive.MessageExt {
	in := &inbox{}
	s.push(s.name("R"), topic, "*", in)
	until(fmt.Sprintf("%d messages of %s", count, topic), func() bool { return len(in.all()) >= count })
	return in.all()
}

func sendSync(s *stage) {
	topic := s.topic(4)
	p := s.producer()
	results := map[string]*primitive.SendResult{}
	for i := 0; i < 40; i++ {
		body := fmt.Sprintf("sync-%d", i)
		message := primitive.NewMessage(topic, []byte(body))
		message.WithTag(fmt.Sprintf("tag%d", i%3)).WithKeys([]string{fmt.Sprintf("key%d", i), "all"})
		result, err := p.SendSync(context.Background(), message)
		must(err, "send")
		equal(primitive.SendOK, result.Status, "status")
		results[body] = result
	}
	perQueue := map[int]int{}
	for _, message := range s.read(topic, 40) {
		body := string(message.Body)
		result := results[body]
		that(result != nil, "unexpected %q", body)
		var i int
		fmt.Sscanf(body, "sync-%d", &i)
		equal(fmt.Sprintf("tag%d", i%3), message.GetTags(), "tag")
		equal(fmt.Sprintf("key%d all", i), message.GetKeys(), "keys")
		equal(result.MsgID, message.MsgId, "unique id")
		equal(result.QueueOffset, message.QueueOffset, "queue offset")
		equal(result.MessageQueue.QueueId, message.Queue.QueueId, "queue")
		equal(result.OffsetMsgID, message.OffsetMsgId, "offset id")
		perQueue[message.Queue.QueueId]++
		delete(results, body)
	}
	equal(0, len(results), "messages that did not come back")
	for q := 0; q < 4; q++ {
		equal(10, perQueue[q], fmt.Sprintf("round robin, messages in queue %d", q))
	}
}

func sendAsync(s *stage) {
	topic := s.topic(4)
	p := s.producer()
	sent := map[string]int{}
	var group sync.WaitGroup
	var mutex sync.Mutex
	var trouble error
	for i := 0; i < 100; i++ {
		body := fmt.Sprintf("async-%d", i)
		sent[body] = 1
		group.Add(1)
		err := p.SendAsync(context.Background(), func(_ context.Context, result *primitive.SendResult, err error) {
			mutex.Lock()
			if err == nil && result.Status != primitive.SendOK {
				err = fmt.Errorf("status %d", result.Status)
			}
			if err != nil && trouble == nil {
				trouble = err
			}
			mutex.Unlock()
			group.Done()
		}, primitive.NewMessage(topic, []byte(body)))
		must(err, "asynchronous send")
	}
	group.Wait()
	must(trouble, "an asynchronous send")
	in := &inbox{messages: s.read(topic, 100)}
	sameSet(sent, in.bodies(), "bodies")
}

func sendOneWay(s *stage) {
	topic := s.topic(4)
	p := s.producer()
	sent := map[string]int{}
	for i := 0; i < 50; i++ {
		body := fmt.Sprintf("oneway-%d", i)
		sent[body] = 1
		must(p.SendOneWay(context.Background(), primitive.NewMessage(topic, []byte(body))), "one-way send")
	}
	in := &inbox{messages: s.read(topic, 50)}
	sameSet(sent, in.bodies(), "bodies")
}

func sendBatch(s *stage) {
	topic := s.topic(1)
	var batch []*primitive.Message
	for i := 0; i < 30; i++ {
		message := primitive.NewMessage(topic, []byte(fmt.Sprintf("batch-%d", i)))
		message.WithTag(fmt.Sprintf("t%d", i%2)).WithKeys([]string{fmt.Sprintf("k%d", i)})
		message.WithProperty("n", fmt.Sprint(i))
		batch = append(batch, message)
	}
	result, err := s.producer().SendSync(context.Background(), batch...)
	must(err, "batch")
	equal(primitive.SendOK, result.Status, "status")
	equal(int64(0), result.QueueOffset, "offset of the first message")
	messages := s.read(topic, 30)
	equal(30, len(messages), "messages")
	for _, message := range messages {
		i := int(message.QueueOffset)
		equal(fmt.Sprintf("batch-%d", i), string(message.Body), "body")
		equal(fmt.Sprintf("t%d", i%2), message.GetTags(), "tag")
		equal(fmt.Sprintf("k%d", i), message.GetKeys(), "key")
		equal(fmt.Sprint(i), message.GetProperty("n"), "property")
	}
}

func sendSelectors(s *stage) {
	topic := s.topic(5)
	queues := s.queues(topic)
	manual := s.producer(producer.WithQueueSelector(producer.NewManualQueueSelector()))
	hash := s.producer(producer.WithQueueSelector(producer.NewHashQueueSelector()))
	random := s.producer(producer.WithQueueSelector(producer.NewRandomQueueSelector()))
	wanted := map[string]int{}
	for i := 0; i < 20; i++ {
		message := primitive.NewMessage(topic, []byte(fmt.Sprintf("manual-%d", i)))
		message.Queue = queues[i%5]
		result, err := manual.SendSync(context.Background(), message)
		must(err, "manual")
		equal(i%5, result.MessageQueue.QueueId, "chosen queue")
		wanted[string(message.Body)] = i % 5

		message = primitive.NewMessage(topic, []byte(fmt.Sprintf("random-%d", i)))
		result, err = random.SendSync(context.Background(), message)
		must(err, "random")
		wanted[string(message.Body)] = result.MessageQueue.QueueId
	}
	keyed := map[string]int{}
	for i := 0; i < 20; i++ {
		key := fmt.Sprintf("order%d", i%4)
		message := primitive.NewMessage(topic, []byte(fmt.Sprintf("hash-%d", i)))
		message.WithShardingKey(key)
		result, err := hash.SendSync(context.Background(), message)
		must(err, "hash")
		if first, seen := keyed[key]; seen {
			equal(first, result.MessageQueue.QueueId, "queue of "+key)
		}
		keyed[key] = result.MessageQueue.QueueId
		wanted[string(message.Body)] = result.MessageQueue.QueueId
	}
	for _, message := range s.read(topic, 60) {
		equal(wanted[string(message.Body)], message.Queue.QueueId, "queue of "+string(message.Body))
	}
}

func sendProperties(s *stage) {
	topic := s.topic(1)
	sent := primitive.NewMessage(topic, []byte("größer 日本語 ✓ 🚀"))
	sent.WithTag("täg-日本").WithKeys([]string{"k1", "schlüssel-ß"})
	sent.WithProperty("größe", "日本語 ✓ 🚀")
	sent.WithProperty("json", `{"a":[1,2],"b":"\""}`)
	sent.Flag = 77
	_, err := s.producer().SendSync(context.Background(), sent)
	must(err, "send")
	got := s.read(topic, 1)[0]
	equal("größer 日本語 ✓ 🚀", string(got.Body), "body")
	equal("täg-日本", got.GetTags(), "tag")
	equal("k1 schlüssel-ß", got.GetKeys(), "keys")
	equal("日本語 ✓ 🚀", got.GetProperty("größe"), "property")
	equal(`{"a":[1,2],"b":"\""}`, got.GetProperty("json"), "property with quotes")
	equal(int32(77), got.Flag, "flag")
}

// The Go client does not look at the body's length, so the broker decides: storing the message and
// refusing it are both fine, as long as the next one is untouched.
func sendEmptyBody(s *stage) {
	topic := s.topic(1)
	p := s.producer()
	result, err := p.SendSync(context.Background(), primitive.NewMessage(topic, nil))
	stored := 0
	if err == nil && result.Status == primitive.SendOK {
		stored = 1
	}
	sent := s.send(p, topic, "", "after", 1)
	messages := s.read(topic, stored+1)
	equal(stored+1, len(messages), "messages")
	if stored == 1 {
		equal(0, len(messages[0].Body), "length of the empty body")
	}
	in := &inbox{messages: messages[stored:]}
	sameSet(sent, in.bodies(), "what follows")
}

// noise is not compressible: a linear congruential sequence's high bytes.
func noise(length int) []byte {
	result := make([]byte, length)
	state := uint64(42)
	for i := range result {
		state = state*6364136223846793005 + 1442695040888963407
		result[i] = byte(state >> 56)
	}
	return result
}

func sendLargeBody(s *stage) {
	topic := s.topic(1)
	p := s.producer(producer.WithCompressMsgBodyOverHowmuch(64*1024*1024), producer.WithRetry(0))
	body := noise(maxBody + 1)
	_, err := p.SendSync(context.Background(), primitive.NewMessage(topic, body))
	that(err != nil, "4 MiB and one byte were accepted")
	result, err := p.SendSync(context.Background(), primitive.NewMessage(topic, body[:maxBody]))
	must(err, "4 MiB")
	equal(primitive.SendOK, result.Status, "status")
	messages := s.read(topic, 1)
	equal(1, len(messages), "messages")
	that(bytes.Equal(body[:maxBody], messages[0].Body), "4 MiB come back byte for byte")
}

func sendCompressedBody(s *stage) {
	topic := s.topic(1)
	text := bytes.Repeat([]byte("all work and no play makes compression easy "), 20000)
	_, err := s.producer().SendSync(context.Background(), primitive.NewMessage(topic, text))
	must(err, "send")
	got := s.read(topic, 1)[0]
	that(bytes.Equal(text, got.Body), "the body comes back as it was")
	that(int(got.StoreSize) < len(text)/4, "stored compressed: %d bytes", got.StoreSize)
}

func sendAutoCreated(s *stage) {
	topic := s.name("T")
	sent := s.send(s.producer(), topic, "", "auto", 12)
	until("the route of the new topic", func() bool {
		found, err := s.admin().FetchPublishMessageQueues(context.Background(), topic)
		return err == nil && len(found) == 4
	})
	in := &inbox{messages: s.read(topic, 12)}
	sameSet(sent, in.bodies(), "bodies")
}

func sendIllegalTopic(s *stage) {
	p := s.producer()
	for _, bad := range []string{"bad name", "bad.name", "größe"} {
		_, err := p.SendSync(context.Background(), primitive.NewMessage(bad, []byte("x")))
		that(err != nil, "topic %q was accepted", bad)
	}
	_, err := p.SendSync(context.Background(), primitive.NewMessage("", []byte("x")))
	that(err != nil, "a topic without a name was accepted")
}
