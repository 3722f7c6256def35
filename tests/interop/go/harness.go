// Drives the unmodified Go client against a running name server and broker.
//
// Usage: interop-go [-only REGEX] [-threads N] NAMESRV
// The last line reads "N passed, N failed". `interop-go member NAMESRV TOPIC GROUP` is one member of a
// consumer group in a process of its own, which a scenario starts in order to kill it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime/debug"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/admin"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
	"github.com/apache/rocketmq-client-go/v2/rlog"
)

// Generous because the machine may be busy; a condition that holds is seen within milliseconds.
const patience = 60 * time.Second

const pollInterval = 20 * time.Millisecond

type scenario struct {
	name string
	run  func(*stage)
}

// failure is what a failed check panics with; perform turns it into one line.
type failure struct{ text string }

func fail(format string, arguments ...interface{}) {
	panic(failure{fmt.Sprintf(format, arguments...)})
}

func that(holds bool, format string, arguments ...interface{}) {
	if !holds {
		fail(format, arguments...)
	}
}

func must(err error, what string) {
	that(err == nil, "%s: %v", what, err)
}

func equal(wanted, got interface{}, what string) {
	that(wanted == got, "%s: wanted %v, got %v", what, wanted, got)
}

func until(what string, condition func() bool) {
	deadline := time.Now().Add(patience)
	for !condition() {
		that(time.Now().Before(deadline), "after %v still not: %s", patience, what)
		time.Sleep(pollInterval)
	}
}

// sameSet names only the difference, because whole sets are unreadable.
func sameSet(wanted, got map[string]int, what string) {
	var missing, extra []string
	for body := range wanted {
		if got[body] == 0 {
			missing = append(missing, body)
		}
	}
	for body := range got {
		if wanted[body] == 0 {
			extra = append(extra, body)
		}
	}
	sort.Strings(missing)
	sort.Strings(extra)
	that(len(missing)+len(extra) == 0, "%s: missing %v, unexpected %v", what, missing, extra)
}

// inbox keeps everything that one consumer was handed, in the order of arrival.
type inbox struct {
	mutex    sync.Mutex
	messages []*primitive.MessageExt
}

func (in *inbox) receive(_ context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
	in.mutex.Lock()
	defer in.mutex.Unlock()
	in.messages = append(in.messages, messages...)
	return consumer.ConsumeSuccess, nil
}

func (in *inbox) all() []*primitive.MessageExt {
	in.mutex.Lock()
	defer in.mutex.Unlock()
	return append([]*primitive.MessageExt(nil), in.messages...)
}

// bodies counts how often each body came.
func (in *inbox) bodies() map[string]int {
	result := map[string]int{}
	for _, message := range in.all() {
		result[string(message.Body)]++
	}
	return result
}

func (in *inbox) holds(wanted map[string]int) bool {
	got := in.bodies()
	for body := range wanted {
		if got[body] == 0 {
			return false
		}
	}
	return true
}

// stage is what one scenario works with: fresh names, and clients that end with it. Each client has an
// instance name of its own, since clients of one name would share a connection and be one member.
type stage struct {
	namesrv string
	prefix  string
	names   int32
	mutex   sync.Mutex
	closers []func()
}

var clients int32

func instance() string {
	return fmt.Sprintf("go%dx%d", os.Getpid(), atomic.AddInt32(&clients, 1))
}

func (s *stage) name(kind string) string {
	return fmt.Sprintf("%s_%s%d", s.prefix, kind, atomic.AddInt32(&s.names, 1))
}

func (s *stage) onClose(closer func()) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.closers = append(s.closers, closer)
}

func (s *stage) close() {
	for i := len(s.closers) - 1; i >= 0; i-- {
		s.closers[i]()
	}
}

func (s *stage) producer(options ...producer.Option) rocketmq.Producer {
	all := append([]producer.Option{
		producer.WithNameServer(primitive.NamesrvAddr{s.namesrv}),
		producer.WithGroupName(s.name("P")),
		producer.WithInstanceName(instance()),
		producer.WithSendMsgTimeout(15 * time.Second),
		producer.WithRetry(2),
	}, options...)
	p, err := rocketmq.NewProducer(all...)
	must(err, "new producer")
	must(p.Start(), "start of the producer")
	s.onClose(func() { _ = p.Shutdown() })
	return p
}

// brokerAddress comes from the id of a message that made its own topic, like a user's first one.
func (s *stage) brokerAddress() string {
	message := primitive.NewMessage(s.name("T"), []byte("where"))
	result, err := s.producer().SendSync(context.Background(), message)
	must(err, "send to an auto-created topic")
	id, err := primitive.UnmarshalMsgID([]byte(result.OffsetMsgID))
	must(err, "message id "+result.OffsetMsgID)
	return fmt.Sprintf("%s:%d", id.Addr, id.Port)
}

func (s *stage) admin() interface {
	CreateTopic(context.Context, ...admin.OptionCreate) error
	DeleteTopic(context.Context, ...admin.OptionDelete) error
	FetchAllTopicList(context.Context) (*admin.TopicList, error)
	FetchPublishMessageQueues(context.Context, string) ([]*primitive.MessageQueue, error)
} {
	a, err := admin.NewAdmin(admin.WithResolver(primitive.NewPassthroughResolver([]string{s.namesrv})))
	must(err, "new admin")
	return a
}

// topic makes a fresh topic through the admin call and waits until it is routable.
func (s *stage) topic(queues int) string {
	topic := s.name("T")
	a := s.admin()
	must(a.CreateTopic(context.Background(), admin.WithTopicCreate(topic),
		admin.WithBrokerAddrCreate(s.brokerAddress()),
		admin.WithReadQueueNums(queues), admin.WithWriteQueueNums(queues)), "create topic")
	until("route of "+topic, func() bool {
		found, err := a.FetchPublishMessageQueues(context.Background(), topic)
		return err == nil && len(found) == queues
	})
	return topic
}

func (s *stage) queues(topic string) []*primitive.MessageQueue {
	found, err := s.admin().FetchPublishMessageQueues(context.Background(), topic)
	must(err, "queues of "+topic)
	sort.Slice(found, func(i, j int) bool { return found[i].QueueId < found[j].QueueId })
	return found
}

func selector(tags string) consumer.MessageSelector {
	return consumer.MessageSelector{Type: consumer.TAG, Expression: tags}
}

func (s *stage) consumerOptions(group string, options ...consumer.Option) []consumer.Option {
	return append([]consumer.Option{
		consumer.WithNameServer(primitive.NamesrvAddr{s.namesrv}),
		consumer.WithGroupName(group),
		consumer.WithInstance(instance()),
		consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset),
	}, options...)
}

func (s *stage) push(group, topic, tags string, in *inbox, options ...consumer.Option) rocketmq.PushConsumer {
	c, err := rocketmq.NewPushConsumer(s.consumerOptions(group, options...)...)
	must(err, "new push consumer")
	must(c.Subscribe(topic, selector(tags), in.receive), "subscribe")
	must(c.Start(), "start of the consumer")
	s.onClose(func() { _ = c.Shutdown() })
	return c
}

// send sends "label-0" ... one by one and returns the bodies.
func (s *stage) send(p rocketmq.Producer, topic, tag, label string, count int) map[string]int {
	sent := map[string]int{}
	for i := 0; i < count; i++ {
		body := fmt.Sprintf("%s-%d", label, i)
		message := primitive.NewMessage(topic, []byte(body))
		if tag != "" {
			message.WithTag(tag)
		}
		result, err := p.SendSync(context.Background(), message)
		must(err, "send")
		equal(primitive.SendOK, result.Status, "status")
		sent[body] = 1
	}
	return sent
}

// perform runs one scenario; a panic of any kind becomes its line and does not end the run.
func perform(s scenario, namesrv, run string) (line string, ok bool) {
	began := time.Now()
	st := &stage{namesrv: namesrv, prefix: run + "_" + strings.ReplaceAll(s.name, ".", "_")}
	defer func() {
		took := time.Since(began).Seconds()
		if trouble := recover(); trouble != nil {
			text := fmt.Sprint(trouble)
			if known, is := trouble.(failure); is {
				text = known.text
			} else {
				text += "\n" + string(debug.Stack())
			}
			line = fmt.Sprintf("FAIL  %-40s %5.1f s\n      %s", s.name, took, strings.ReplaceAll(text, "\n", "\n      "))
			ok = false
			return
		}
		line, ok = fmt.Sprintf("ok    %-40s %5.1f s", s.name, took), true
	}()
	defer st.close()
	s.run(st)
	return
}

func main() {
	if os.Getenv("ROCKETMQ_GO_LOG_LEVEL") == "" {
		rlog.SetLogLevel("fatal")
	}
	if len(os.Args) > 1 && os.Args[1] == "member" {
		member(os.Args[2], os.Args[3], os.Args[4])
		return
	}
	only := flag.String("only", "", "run scenarios whose name matches")
	threads := flag.Int("threads", 6, "scenarios side by side")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: interop-go [-only REGEX] [-threads N] NAMESRV")
		os.Exit(2)
	}
	pattern := regexp.MustCompile(*only)
	run := fmt.Sprintf("go%d", time.Now().UnixNano()/1_000_000%1_000_000_000)
	var passed, failed int
	var mutex sync.Mutex
	var group sync.WaitGroup
	slots := make(chan struct{}, *threads)
	for _, each := range scenarios() {
		if !pattern.MatchString(each.name) {
			continue
		}
		group.Add(1)
		slots <- struct{}{}
		go func(s scenario) {
			line, ok := perform(s, flag.Arg(0), run)
			mutex.Lock()
			fmt.Println(line)
			if ok {
				passed++
			} else {
				failed++
			}
			mutex.Unlock()
			<-slots
			group.Done()
		}(each)
	}
	group.Wait()
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed > 0 || passed == 0 {
		os.Exit(1)
	}
}
