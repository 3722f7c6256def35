package agena.interop;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.hook.SendMessageContext;
import org.apache.rocketmq.client.hook.SendMessageHook;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageId;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.remoting.exception.RemotingException;

/** Every way of sending, read back record by record. */
final class Sends {
    private static final int NO_PERMISSION = 16;
    private static final int INVALID_PARAMETER = 29;
    private static final int TOPIC_NOT_EXIST = 17;

    private Sends() {}

    static void addTo(Runner runner) {
        runner.add("send.sync", Sends::sync);
        runner.add("send.async", Sends::async);
        runner.add("send.oneway", Sends::oneway);
        runner.add("send.batch", Sends::batch);
        runner.add("send.batch_mixed_topics", Sends::batchOfTwoTopics);
        runner.add("send.to_queue", Sends::toQueue);
        runner.add("send.fast_port", Sends::fastPort);
        runner.add("send.dead_name_server_first", Sends::deadNameServerFirst);
        runner.add("send.properties", Sends::properties);
        runner.add("send.auto_created_topic", Sends::autoCreated);
        runner.add("send.missing_topic", Sends::missingTopic);
        runner.add("send.illegal_names", Sends::illegalNames);
        runner.add("send.illegal_name_on_the_wire", Sends::illegalNameOnTheWire);
    }

    private static void sync(Stage stage) throws Exception {
        String topic = stage.topic(4);
        Map<String, SendResult> results = new HashMap<>();
        long before = System.currentTimeMillis();
        for (int i = 0; i < 40; i++) {
            String body = "sync-" + i;
            results.put(body,
                    stage.sendOk(new Message(topic, "tag" + i % 3, "key" + i, Stage.bytes(body))));
        }
        long after = System.currentTimeMillis();
        TreeMap<Integer, List<MessageExt>> dump = stage.dump(topic, 40);
        Check.equal(4, dump.size(), "queues");
        Set<String> seen = new HashSet<>();
        for (List<MessageExt> queue : dump.values()) {
            Check.equal(10, queue.size(), "round robin over four queues leaves in each");
            for (MessageExt message : queue) {
                String body = Inbox.text(message);
                seen.add(body);
                SendResult result = results.get(body);
                int i = Integer.parseInt(body.substring("sync-".length()));
                Check.equal("tag" + i % 3, message.getTags(), "tag");
                Check.equal("key" + i, message.getKeys(), "key");
                Check.equal(result.getMsgId(), message.getMsgId(), "unique id");
                Check.equal(result.getQueueOffset(), message.getQueueOffset(),
                        "queue offset in the answer");
                Check.equal(result.getMessageQueue().getQueueId(), message.getQueueId(),
                        "queue in the answer");
                MessageId id = MessageDecoder.decodeMessageId(result.getOffsetMsgId());
                Check.equal(message.getCommitLogOffset(), id.getOffset(),
                        "offset within the message id");
                Check.equal(
                        message.getStoreHost(), id.getAddress(), "address within the message id");
                Check.that(
                        message.getBornTimestamp() >= before && message.getBornTimestamp() <= after,
                        "born time");
                // The broker's clock is this machine's, but its readings may be a few milliseconds
                // old.
                Check.that(message.getStoreTimestamp() >= before - 1000
                                && message.getStoreTimestamp() <= after + 1000,
                        "store time");
                Check.equal(0, message.getReconsumeTimes(), "reconsume times");
                Check.that(message.getBornHost() != null, "born host");
            }
        }
        Check.sameSet(results.keySet(), seen, "bodies");
    }

    /** Counts the callbacks of asynchronous sends and keeps the first failure. */
    private static final class Callbacks {
        final Map<String, SendResult> results = new ConcurrentHashMap<>();
        final AtomicReference<Throwable> trouble = new AtomicReference<>();
        final CountDownLatch left;

        Callbacks(int count) {
            left = new CountDownLatch(count);
        }

        SendCallback of(String body) {
            return new SendCallback() {
                @Override
                public void onSuccess(SendResult result) {
                    results.put(body, result);
                    left.countDown();
                }

                @Override
                public void onException(Throwable e) {
                    trouble.compareAndSet(null, e);
                    left.countDown();
                }
            };
        }

        void await() throws Exception {
            Check.that(left.await(Check.PATIENCE_MS, TimeUnit.MILLISECONDS),
                    "all callbacks, left " + left.getCount());
            if (trouble.get() != null) {
                throw new AssertionError("an asynchronous send failed", trouble.get());
            }
        }
    }

    private static void async(Stage stage) throws Exception {
        String topic = stage.topic(4);
        Callbacks callbacks = new Callbacks(200);
        for (int i = 0; i < 200; i++) {
            String body = "async-" + i;
            stage.producer().send(
                    new Message(topic, Stage.bytes(body)), callbacks.of(body), 30_000);
        }
        callbacks.await();
        Set<String> seen = new HashSet<>();
        for (MessageExt message : stage.dumpAll(topic, 200)) {
            String body = Inbox.text(message);
            Check.that(seen.add(body), body + " stored twice");
            SendResult result = callbacks.results.get(body);
            Check.equal(SendStatus.SEND_OK, result.getSendStatus(), "status");
            Check.equal(result.getQueueOffset(), message.getQueueOffset(), "queue offset");
            Check.equal(result.getMsgId(), message.getMsgId(), "unique id");
        }
        Check.sameSet(callbacks.results.keySet(), seen, "bodies");
    }

    private static void oneway(Stage stage) throws Exception {
        String topic = stage.topic(4);
        Set<String> sent = new HashSet<>();
        for (int i = 0; i < 50; i++) {
            String body = "oneway-" + i;
            stage.producer().sendOneway(new Message(topic, Stage.bytes(body)));
            sent.add(body);
        }
        Set<String> seen = new HashSet<>();
        stage.dumpAll(topic, 50).forEach(message -> seen.add(Inbox.text(message)));
        Check.sameSet(sent, seen, "bodies");
    }

    private static void batch(Stage stage) throws Exception {
        String topic = stage.topic(2);
        MessageQueue queue = stage.queues(topic).get(1);
        List<Message> batch = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            Message message = new Message(topic, "t" + i % 2, "k" + i, Stage.bytes("batch-" + i));
            message.putUserProperty("n", Integer.toString(i));
            message.setFlag(i);
            batch.add(message);
        }
        SendResult result = stage.producer().send(batch, queue, 15_000);
        Check.equal(SendStatus.SEND_OK, result.getSendStatus(), "status");
        Check.equal(0L, result.getQueueOffset(), "offset of the first message");
        String[] unique = result.getMsgId().split(",");
        String[] stored = result.getOffsetMsgId().split(",");
        Check.equal(30, unique.length, "unique ids");
        Check.equal(30, stored.length, "stored ids");
        List<MessageExt> found = stage.dump(topic, 30).get(1);
        Check.equal(30, found.size(), "stored messages");
        for (int i = 0; i < 30; i++) {
            MessageExt message = found.get(i);
            Check.equal("batch-" + i, Inbox.text(message), "body");
            Check.equal("t" + i % 2, message.getTags(), "tag");
            Check.equal("k" + i, message.getKeys(), "key");
            Check.equal(Integer.toString(i), message.getUserProperty("n"), "user property");
            Check.equal(i, message.getFlag(), "flag");
            Check.equal(unique[i], message.getMsgId(), "unique id");
            Check.equal(message.getCommitLogOffset(),
                    MessageDecoder.decodeMessageId(stored[i]).getOffset(),
                    "offset within the stored id");
        }
        // A second batch follows the first without a gap, and mixes with a single message.
        stage.producer().send(new Message(topic, Stage.bytes("single")), queue);
        Callbacks callbacks = new Callbacks(1);
        stage.producer().send(batch.subList(0, 5), queue, callbacks.of("async batch"));
        callbacks.await();
        Check.equal(31L, callbacks.results.get("async batch").getQueueOffset(),
                "offset of the second batch");
        Check.equal(36, stage.dump(topic, 36).get(1).size(), "stored in the end");
    }

    private static void batchOfTwoTopics(Stage stage) throws Exception {
        Collection<Message> batch = List.of(new Message(stage.topic(1), Stage.bytes("a")),
                new Message(stage.topic(1), Stage.bytes("b")));
        Check.clientError("a batch of two topics", () -> stage.producer().send(batch));
    }

    private static void toQueue(Stage stage) throws Exception {
        String topic = stage.topic(8);
        List<MessageQueue> queues = stage.queues(topic);
        for (int i = 0; i < 24; i++) {
            SendResult result = stage.producer().send(
                    new Message(topic, Stage.bytes("q-" + i)), queues.get(i % 3));
            Check.equal(queues.get(i % 3), result.getMessageQueue(), "queue");
            Check.equal((long) (i / 3), result.getQueueOffset(), "offset");
        }
        TreeMap<Integer, List<MessageExt>> dump = stage.dump(topic, 24);
        for (int q = 0; q < 8; q++) {
            Check.equal(q < 3 ? 8 : 0, dump.get(q).size(), "messages in queue " + q);
        }
    }

    private static void fastPort(Stage stage) throws Exception {
        String topic = stage.topic(2);
        DefaultMQProducer producer = stage.newProducer();
        producer.setVipChannelEnabled(true);
        stage.start(producer);
        Set<String> sent = new HashSet<>();
        for (int i = 0; i < 10; i++) {
            producer.send(new Message(topic, Stage.bytes("fast-" + i)));
            sent.add("fast-" + i);
        }
        Inbox inbox = new Inbox();
        var consumer = stage.newPushConsumer(stage.name("G"));
        consumer.setVipChannelEnabled(true);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(inbox.concurrently());
        stage.start(consumer);
        Check.until("messages over the fast port", () -> inbox.holds(sent));
        Check.sameSet(sent, inbox.bodies(), "bodies");
    }

    private static void deadNameServerFirst(Stage stage) throws Exception {
        String topic = stage.topic(1);
        DefaultMQProducer producer = stage.newProducer();
        // Port 1 of the loopback refuses at once, as a stopped name server does.
        producer.setNamesrvAddr("127.0.0.1:1;" + Stage.NAMESRV);
        stage.start(producer);
        Check.eventually(()
                                 -> Check.equal(SendStatus.SEND_OK,
                                         sendOrFail(producer, new Message(topic, Stage.bytes("x")))
                                                 .getSendStatus(),
                                         "status"));
    }

    private static SendResult sendOrFail(DefaultMQProducer producer, Message message)
            throws Exception {
        try {
            return producer.send(message);
        } catch (RemotingException | IllegalStateException e) {
            // The 5.x client wraps the refused connection of a name server in the latter.
            throw new AssertionError("send", e);
        }
    }

    private static void properties(Stage stage) throws Exception {
        String topic = stage.topic(1);
        Message sent = new Message(
                topic, "täg-日本", "k1 schlüssel-ß k3", Stage.bytes("größer 日本語 ✓ 🚀"));
        sent.setBuyerId("buyer 7");
        sent.setFlag(-77);
        sent.putUserProperty("größe", "日本語 ✓ 🚀");
        sent.putUserProperty("with space", " padded ");
        sent.putUserProperty("json", "{\"a\":[1,2],\"b\":\"\\\"\"}");
        sent.putUserProperty("long", "v".repeat(8000));
        sent.setWaitStoreMsgOK(false);
        SendResult result = stage.sendOk(sent);
        MessageExt got = stage.dumpAll(topic, 1).get(0);
        Check.equal("täg-日本", got.getTags(), "tag");
        Check.equal("k1 schlüssel-ß k3", got.getKeys(), "keys");
        Check.equal("größer 日本語 ✓ 🚀", Inbox.text(got), "body");
        Check.equal("buyer 7", got.getBuyerId(), "buyer");
        Check.equal(-77, got.getFlag(), "flag");
        Check.equal("日本語 ✓ 🚀", got.getUserProperty("größe"), "property");
        Check.equal(" padded ", got.getUserProperty("with space"), "property with blanks");
        Check.equal("{\"a\":[1,2],\"b\":\"\\\"\"}", got.getUserProperty("json"),
                "property with quotes");
        Check.equal("v".repeat(8000), got.getUserProperty("long"), "long property");
        Check.equal(result.getMsgId(), got.getMsgId(), "unique id");
        // The non-ASCII tag must also filter.
        Inbox inbox = new Inbox();
        stage.sendOk(new Message(topic, "other", Stage.bytes("no")));
        stage.sendOk(new Message(topic, "täg-日本", Stage.bytes("yes")));
        stage.consume(stage.name("G"), topic, "täg-日本", inbox);
        Check.until("both messages of the tag", () -> inbox.size() == 2);
        Check.sameSet(
                Set.of("größer 日本語 ✓ 🚀", "yes"), inbox.bodies(), "filtered by a non-ASCII tag");
    }

    private static void autoCreated(Stage stage) throws Exception {
        String topic = stage.name("T");
        Set<String> sent = stage.send(topic, "a", "auto", 12);
        stage.awaitRoute(topic, 4);
        Check.equal(12, stage.dumpAll(topic, 12).size(), "stored");
        Inbox inbox = new Inbox();
        stage.consume(stage.name("G"), topic, "*", inbox);
        Check.until("messages of the auto-created topic", () -> inbox.holds(sent));
        Check.sameSet(sent, inbox.bodies(), "bodies");
        // The client's wish for queues counts, up to what the template topic has.
        DefaultMQProducer modest = stage.newProducer();
        modest.setDefaultTopicQueueNums(2);
        stage.start(modest);
        String small = stage.name("T");
        modest.send(new Message(small, Stage.bytes("x")));
        stage.awaitRoute(small, 2);
    }

    private static void missingTopic(Stage stage) throws Exception {
        DefaultMQProducer noTemplate = stage.newProducer();
        noTemplate.setCreateTopicKey(stage.name("nowhere"));
        stage.start(noTemplate);
        MQClientException refused = Check.clientError("send without topic and template",
                () -> noTemplate.send(new Message(stage.name("T"), Stage.bytes("x"))));
        // 4.x asks for the route of the template and stops there; 5.x takes the route of TBW102
        // whatever the template, and the broker refuses.
        Check.that(refused.getMessage().contains("No route info of this topic")
                        || refused.getCause() instanceof MQBrokerException
                                && ((MQBrokerException) refused.getCause()).getResponseCode()
                                        == TOPIC_NOT_EXIST,
                "reason: " + refused);
        Check.clientError("queues of a missing topic",
                () -> noTemplate.fetchPublishMessageQueues(stage.name("T")));

        // A template whose permissions are not inheritable: the client tries, the broker refuses.
        DefaultMQProducer closedTemplate = stage.newProducer();
        closedTemplate.setCreateTopicKey(stage.topic(1));
        closedTemplate.setRetryTimesWhenSendFailed(0);
        stage.start(closedTemplate);
        String missing = stage.name("T");
        Check.equal(TOPIC_NOT_EXIST,
                Check.brokerCode("send with a closed template",
                        () -> closedTemplate.send(new Message(missing, Stage.bytes("x")))),
                "code");
        Check.clientError("the refused topic has no route", () -> stage.queues(missing));
    }

    private static void illegalNames(Stage stage) throws Exception {
        for (String bad : List.of(
                     "with space", "dot.ted", "sla/sh", "a@b", "größe", "", " ", "x".repeat(128))) {
            Check.clientError("topic '" + bad + "'",
                    () -> stage.producer().send(new Message(bad, Stage.bytes("x"))));
            Check.clientError(
                    "creation of '" + bad + "'", () -> createUnwrapped(stage.producer(), bad));
        }
        for (String system : List.of("SCHEDULE_TOPIC_XXXX", "RMQ_SYS_TRANS_HALF_TOPIC")) {
            Check.clientError("send to " + system,
                    () -> stage.producer().send(new Message(system, Stage.bytes("x"))));
        }
        DefaultMQProducer badGroup = stage.configure(new DefaultMQProducer("a group!"));
        Check.clientError("group with a blank", badGroup::start);
        // The longest legal name works through and through.
        String longest = (stage.name("T") + "x".repeat(127)).substring(0, 127);
        Set<String> sent = stage.send(longest, null, "long", 3);
        stage.awaitRoute(longest, 4);
        Inbox inbox = new Inbox();
        stage.dumpAll(longest, 3).forEach(inbox::add);
        Check.sameSet(sent, inbox.bodies(), "bodies under the longest name");
        // Percent and bar are legal too.
        String odd = stage.name("T") + "%odd|name-_";
        Set<String> oddSent = stage.send(odd, null, "odd", 3);
        stage.awaitRoute(odd, 4);
        Inbox oddInbox = new Inbox();
        stage.dumpAll(odd, 3).forEach(oddInbox::add);
        Check.sameSet(oddSent, oddInbox.bodies(), "bodies under an odd name");
    }

    private static void createUnwrapped(DefaultMQProducer producer, String topic) throws Exception {
        try {
            ClientVersion.createTopic(producer, "TBW102", topic, 1);
        } catch (IllegalStateException e) {
            if (e.getCause() instanceof MQClientException) {
                throw(MQClientException) e.getCause();
            }
            throw e;
        }
    }

    /**
     * The client checks before its send hooks run; a hook that renames lets a bad name reach the
     * broker.
     */
    private static void illegalNameOnTheWire(Stage stage) throws Exception {
        String topic = stage.topic(1);
        AtomicReference<String> rename = new AtomicReference<>();
        DefaultMQProducer producer = stage.newProducer();
        producer.setRetryTimesWhenSendFailed(0);
        producer.getDefaultMQProducerImpl().registerSendMessageHook(new SendMessageHook() {
            @Override
            public String hookName() {
                return "rename";
            }

            @Override
            public void sendMessageBefore(SendMessageContext context) {
                if (rename.get() != null) {
                    context.getMessage().setTopic(rename.get());
                }
            }

            @Override
            public void sendMessageAfter(SendMessageContext context) {}
        });
        stage.start(producer);
        for (String bad :
                List.of("bad name", "bad/../name", "bad.name", "größe", "SCHEDULE_TOPIC_XXXX")) {
            rename.set(bad);
            int wanted = bad.equals("SCHEDULE_TOPIC_XXXX") ? NO_PERMISSION : INVALID_PARAMETER;
            int code = Check.brokerCode("topic '" + bad + "' on the wire",
                    () -> producer.send(new Message(topic, Stage.bytes("x"))));
            Check.equal(wanted, code, "code of '" + bad + "'");
        }
        rename.set(null);
        producer.send(new Message(topic, Stage.bytes("fine")));
        Check.equal(1, stage.dumpAll(topic, 1).size(), "only the legal one is stored");
    }
}
