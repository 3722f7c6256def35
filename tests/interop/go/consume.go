package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/admin"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

// round sends one message into each queue and returns, for each queue, which inboxes got it.
func (s *stage) round(p rocketmq.Producer, topic string, number int, inboxes []*inbox) (map[int][]int, bool) {
	queues := s.queues(topic)
	for _, queue := range queues {
		message := primitive.NewMessage(topic, []byte(fmt.Sprintf("round-%d-%d", number, queue.QueueId)))
		message.Queue = queue
		_, err := p.SendSync(context.Background(), message)
		must(err, "send")
	}
	owners := map[int][]int{}
	complete := func() bool {
		owners = map[int][]int{}
		for i, in := range inboxes {
			bodies := in.bodies()
			for _, queue := range queues {
				for n := bodies[fmt.Sprintf("round-%d-%d", number, queue.QueueId)]; n > 0; n-- {
					owners[queue.QueueId] = append(owners[queue.QueueId], i)
				}
			}
		}
		return len(owners) == len(queues)
	}
	// A queue without an owner for the moment is served later, so incomplete is not yet wrong.
	deadline := time.Now().Add(5 * time.Second)
	for !complete() && time.Now().Before(deadline) {
		time.Sleep(pollInterval)
	}
	return owners, len(owners) == len(queues)
}

// awaitShares repeats rounds until each queue's message went to exactly one inbox and each inbox serves
// its fair share of queues: the client offers no look at who owns what.
func (s *stage) awaitShares(p rocketmq.Producer, topic string, queues int, label string, inboxes []*inbox) {
	var last map[int][]int
	defer func() {
		if trouble := recover(); trouble != nil {
			fail("%v, but queue -> members that got its message in the last round is %v",
				trouble.(failure).text, last)
		}
	}()
	until(label+": each member owns its share", func() bool {
		owners, complete := s.round(p, topic, int(atomic.AddInt32(&rounds, 1)), inboxes)
		last = owners
		shares := map[int]int{}
		for _, who := range owners {
			if len(who) != 1 {
				return false
			}
			shares[who[0]]++
		}
		for i := range inboxes {
			if shares[i] != queues/len(inboxes) {
				return false
			}
		}
		return complete
	})
}

var rounds int32

func pushClustering(s *stage) {
	topic := s.topic(8)
	group := s.name("G")
	inboxes := []*inbox{{}, {}}
	for _, in := range inboxes {
		s.push(group, topic, "*", in)
	}
	p := s.producer(producer.WithQueueSelector(producer.NewManualQueueSelector()))
	s.awaitShares(p, topic, 8, "two members", inboxes)
	sent := s.send(s.producer(), topic, "t", "m", 80)
	union := &inbox{}
	until("every message at one of the two", func() bool {
		union.messages = append(inboxes[0].all(), inboxes[1].all()...)
		return union.holds(sent)
	})
	for body := range sent {
		equal(1, union.bodies()[body], "deliveries of "+body)
	}
}

func pushBroadcasting(s *stage) {
	topic := s.topic(4)
	group := s.name("G")
	inboxes := []*inbox{{}, {}, {}}
	for _, in := range inboxes {
		s.push(group, topic, "*", in, consumer.WithConsumerModel(consumer.BroadCasting))
	}
	sent := s.send(s.producer(), topic, "", "b", 40)
	for i, in := range inboxes {
		until(fmt.Sprintf("all messages at member %d", i), func() bool { return in.holds(sent) })
		sameSet(sent, in.bodies(), "bodies")
		equal(40, len(in.all()), "deliveries")
	}
}

// One ordered member after the other: the second may start only once the first has given up its locks.
// Two at a time would need over a minute, because this client keeps the lock of a queue that it hands
// over in a rebalance until the lease of 60 s ends.
func pushOrdered(s *stage) {
	topic := s.topic(4)
	group := s.name("G")
	p := s.producer(producer.WithQueueSelector(producer.NewHashQueueSelector()))
	const keys, each = 8, 15
	send := func(from int) {
		for i := from; i < from+each; i++ {
			for k := 0; k < keys; k++ {
				message := primitive.NewMessage(topic, []byte(fmt.Sprintf("key%d/%d", k, i)))
				message.WithShardingKey(fmt.Sprintf("key%d", k))
				_, err := p.SendSync(context.Background(), message)
				must(err, "send")
			}
		}
	}
	for life := 0; life < 2; life++ {
		in := &inbox{}
		c := s.push(group, topic, "*", in, consumer.WithConsumerOrder(true),
			consumer.WithRebalanceLockInterval(time.Second), consumer.WithConsumeMessageBatchMaxSize(1))
		send(life * each)
		last := map[string]int{}
		for k := 0; k < keys; k++ {
			last[fmt.Sprintf("key%d/%d", k, (life+1)*each-1)] = 1
		}
		until("all ordered messages", func() bool { return in.holds(last) })
		next := map[string]int{}
		for _, message := range in.all() {
			parts := strings.Split(string(message.Body), "/")
			var number int
			fmt.Sscan(parts[1], &number)
			if expected, seen := next[parts[0]]; seen {
				equal(expected, number, "next number of "+parts[0])
			} else {
				that(number <= life*each, "%s begins only at %d", parts[0], number)
			}
			next[parts[0]] = number + 1
		}
		equal(keys, len(next), "keys")
		for key, end := range next {
			equal((life+1)*each, end, "end of "+key)
		}
		must(c.Shutdown(), "shutdown")
	}
}

func pushTags(s *stage) {
	topic := s.topic(2)
	p := s.producer()
	a := s.send(p, topic, "A", "a", 10)
	b := s.send(p, topic, "B", "b", 10)
	c := s.send(p, topic, "C", "c", 10)
	s.send(p, topic, "BB", "wrong", 5)
	right := s.send(p, topic, "Aa", "right", 5)
	ab := map[string]int{}
	for _, part := range []map[string]int{a, b} {
		for body := range part {
			ab[body] = 1
		}
	}
	for tags, wanted := range map[string]map[string]int{"A || B": ab, "C": c, "Aa": right} {
		in := &inbox{}
		s.push(s.name("G"), topic, tags, in)
		until("messages for "+tags, func() bool { return in.holds(wanted) })
		sameSet(wanted, in.bodies(), "messages for "+tags)
	}
}

// Broadcasting members keep their own offsets, so the wish for a starting point is theirs to decide; a
// clustering group of a young topic is told 0 by the broker.
func pushFromLast(s *stage) {
	topic := s.topic(2)
	p := s.producer(producer.WithQueueSelector(producer.NewManualQueueSelector()))
	queues := s.queues(topic)
	send := func(label string, count int) map[string]int {
		sent := map[string]int{}
		for i := 0; i < count; i++ {
			message := primitive.NewMessage(topic, []byte(fmt.Sprintf("%s-%d", label, i)))
			message.Queue = queues[i%2]
			_, err := p.SendSync(context.Background(), message)
			must(err, "send")
			sent[string(message.Body)] = 1
		}
		return sent
	}
	old := send("old", 10)
	in := &inbox{}
	s.push(s.name("G"), topic, "*", in, consumer.WithConsumerModel(consumer.BroadCasting),
		consumer.WithConsumeFromWhere(consumer.ConsumeFromLastOffset))
	// Until the member has asked for the end of each queue, what is sent counts as old.
	number := 0
	until("both queues are followed", func() bool {
		number++
		send(fmt.Sprintf("probe%d", number), 2)
		time.Sleep(200 * time.Millisecond)
		seen := in.bodies()
		return seen[fmt.Sprintf("probe%d-0", number)] == 1 && seen[fmt.Sprintf("probe%d-1", number)] == 1
	})
	fresh := send("new", 10)
	until("new messages", func() bool { return in.holds(fresh) })
	for body := range old {
		equal(0, in.bodies()[body], "deliveries of "+body)
	}
	young := &inbox{}
	s.push(s.name("G"), topic, "*", young, consumer.WithConsumeFromWhere(consumer.ConsumeFromLastOffset))
	until("everything of the young topic in clustering", func() bool { return young.holds(old) })
}

func pushFromTimestamp(s *stage) {
	topic := s.topic(2)
	p := s.producer()
	s.send(p, topic, "", "old", 10)
	boundary := time.Now().Truncate(time.Second).Add(time.Second)
	until("the next second", func() bool { return time.Now().After(boundary.Add(50 * time.Millisecond)) })
	sent := s.send(p, topic, "", "new", 10)
	in := &inbox{}
	s.push(s.name("G"), topic, "*", in, consumer.WithConsumerModel(consumer.BroadCasting),
		consumer.WithConsumeFromWhere(consumer.ConsumeFromTimestamp),
		consumer.WithConsumeTimestamp(boundary.Format("20060102150405")))
	until("messages after the timestamp", func() bool { return in.holds(sent) })
	sameSet(sent, in.bodies(), "only what came after the timestamp")
}

// resumes proves that a group goes on where it stopped. The client's last commit is one-way and its
// connection ends right behind it, so a commit may be lost on the way and a life may see the life
// before it once more; a server that keeps offsets shows it within a few lives.
func resumes(label string, live func(number int) (sent, seen map[string]int)) {
	earlier := map[string]int{}
	for number := 0; number < 5; number++ {
		sent, seen := live(number)
		repeated := 0
		for body := range seen {
			repeated += earlier[body]
		}
		if number > 0 && repeated == 0 {
			sameSet(sent, seen, "what a restarted client saw")
			return
		}
		for body := range sent {
			earlier[body] = 1
		}
	}
	fail("%s: each of five lives began with messages that an earlier one had consumed", label)
}

func pushClientRestart(s *stage) {
	topic := s.topic(4)
	group := s.name("G")
	p := s.producer()
	resumes("push consumer", func(number int) (map[string]int, map[string]int) {
		sent := s.send(p, topic, "", fmt.Sprintf("life%d", number), 20)
		in := &inbox{}
		c := s.push(group, topic, "*", in)
		until("the messages of this life", func() bool { return in.holds(sent) })
		must(c.Shutdown(), "shutdown")
		return sent, in.bodies()
	})
}

// settle lets the second heartbeat of a client pass, one second after its start. Java handles heartbeats
// on other threads than closed connections: a member that leaves with a heartbeat under way can be
// registered again after its end, and then holds its queues for the 120 s of a silent one.
func settle() {
	time.Sleep(2 * time.Second)
}

func fourTwoFour(s *stage) {
	topic := s.topic(8)
	group := s.name("G")
	p := s.producer(producer.WithQueueSelector(producer.NewManualQueueSelector()))
	var inboxes []*inbox
	var members []rocketmq.PushConsumer
	everything := []*inbox{}
	join := func() {
		in := &inbox{}
		inboxes = append(inboxes, in)
		everything = append(everything, in)
		members = append(members, s.push(group, topic, "*", in))
	}
	for i := 0; i < 4; i++ {
		join()
	}
	s.awaitShares(p, topic, 8, "four members", inboxes)
	settle()
	for i := 0; i < 2; i++ {
		must(members[0].Shutdown(), "shutdown")
		members, inboxes = members[1:], inboxes[1:]
	}
	s.awaitShares(p, topic, 8, "two members", inboxes)
	join()
	join()
	s.awaitShares(p, topic, 8, "four members again", inboxes)
	sent := s.send(s.producer(), topic, "", "last", 40)
	until("nothing is lost", func() bool {
		union := &inbox{}
		for _, in := range everything {
			union.messages = append(union.messages, in.all()...)
		}
		return union.holds(sent)
	})
}

// member is one consumer of a group in a process of its own: it prints each body, until it is killed.
func member(namesrv, topic, group string) {
	s := &stage{namesrv: namesrv, prefix: group}
	in := &printer{}
	c, err := rocketmq.NewPushConsumer(s.consumerOptions(group)...)
	must(err, "new push consumer")
	must(c.Subscribe(topic, selector("*"), in.receive), "subscribe")
	must(c.Start(), "start")
	select {}
}

type printer struct{ mutex sync.Mutex }

func (p *printer) receive(_ context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, message := range messages {
		fmt.Println(string(message.Body))
	}
	return consumer.ConsumeSuccess, nil
}

// The Go client never says goodbye: its membership must end with its connection, and the other member
// must be told, long before the next periodic look (20 s) or the end of a silent one's grace (120 s).
func memberIsKilled(s *stage) {
	topic := s.topic(4)
	group := s.name("G")
	in := &inbox{}
	child := &inbox{}
	command := exec.Command(os.Args[0], "member", s.namesrv, topic, group)
	output, err := command.StdoutPipe()
	must(err, "pipe")
	must(command.Start(), "start of the member")
	var reading sync.WaitGroup
	reading.Add(1)
	go func() {
		defer reading.Done()
		lines := bufio.NewScanner(output)
		for lines.Scan() {
			message := &primitive.MessageExt{}
			message.Body = []byte(lines.Text())
			child.receive(context.Background(), message)
		}
	}()
	killed := false
	kill := func() {
		if !killed {
			killed = true
			_ = command.Process.Kill()
			reading.Wait()
			_ = command.Wait()
		}
	}
	defer kill()
	s.push(group, topic, "*", in)
	p := s.producer(producer.WithQueueSelector(producer.NewManualQueueSelector()))
	s.awaitShares(p, topic, 4, "the member here and the member there", []*inbox{in, child})
	settle()
	kill()
	died := time.Now()
	s.awaitShares(p, topic, 4, "the member that is left", []*inbox{in})
	took := time.Since(died)
	that(took < 40*time.Second, "the queues of the killed member moved only after %v", took)
	// What the dead member had not committed comes again to the one that is left; nothing is lost.
	sent := s.send(s.producer(), topic, "", "after", 20)
	until("messages after the death", func() bool { return in.holds(sent) })
}

func pullPoll(s *stage) {
	topic := s.topic(4)
	group := s.name("G")
	p := s.producer()
	resumes("pull consumer", func(number int) (map[string]int, map[string]int) {
		sent := s.send(p, topic, "", fmt.Sprintf("life%d", number), 20)
		c, err := rocketmq.NewPullConsumer(s.consumerOptions(group)...)
		must(err, "new pull consumer")
		must(c.Subscribe(topic, selector("*")), "subscribe")
		must(c.Start(), "start")
		in := &inbox{}
		until("all messages polled", func() bool {
			request, err := c.Poll(context.Background(), 200*time.Millisecond)
			if err == nil {
				in.receive(context.Background(), request.GetMsgList()...)
				c.ACK(context.Background(), request, consumer.ConsumeSuccess)
			}
			return in.holds(sent)
		})
		must(c.PersistOffset(context.Background(), topic), "commit")
		must(c.Shutdown(), "shutdown")
		return sent, in.bodies()
	})
}

func pullFromOffset(s *stage) {
	topic := s.topic(1)
	s.send(s.producer(), topic, "", "p", 20)
	queue := s.queues(topic)[0]
	c, err := rocketmq.NewPullConsumer(s.consumerOptions(s.name("G"))...)
	must(err, "new pull consumer")
	must(c.Subscribe(topic, selector("*")), "subscribe")
	must(c.Start(), "start")
	s.onClose(func() { _ = c.Shutdown() })
	result, err := c.PullFrom(context.Background(), queue, 5, 10)
	must(err, "pull")
	equal(primitive.PullFound, result.Status, "status")
	messages := result.GetMessageExts()
	equal(10, len(messages), "messages")
	for i, message := range messages {
		equal(fmt.Sprintf("p-%d", 5+i), string(message.Body), "body")
	}
	equal(int64(15), result.NextBeginOffset, "next offset")
	equal(int64(0), result.MinOffset, "minimum")
	equal(int64(20), result.MaxOffset, "maximum")
	beyond, err := c.PullFrom(context.Background(), queue, 5000, 10)
	must(err, "pull past the end")
	equal(primitive.PullOffsetIllegal, beyond.Status, "status past the end")
	equal(int64(20), beyond.NextBeginOffset, "corrected offset")
}

func adminTopics(s *stage) {
	topic := s.topic(3)
	a := s.admin()
	equal(3, len(s.queues(topic)), "queues")
	listed := func() bool {
		list, err := a.FetchAllTopicList(context.Background())
		must(err, "topic list")
		for _, name := range list.TopicList {
			if name == topic {
				return true
			}
		}
		return false
	}
	that(listed(), "the topic is not in the list")
	must(a.DeleteTopic(context.Background(), admin.WithTopicDelete(topic),
		admin.WithBrokerAddrDelete(s.brokerAddress()), admin.WithNameSrvAddr([]string{s.namesrv})), "delete")
	until("the topic leaves the list", func() bool { return !listed() })
}
