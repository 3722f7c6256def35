package agena.interop;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.rocketmq.client.QueryResult;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * Finding messages by key, by id and by time. The index may follow the log, so look-ups are
 * repeated.
 */
final class Queries {
    private Queries() {}

    static void addTo(Runner runner) {
        runner.add("query.by_key", Queries::byKey);
        runner.add("query.by_colliding_key", Queries::byCollidingKey);
        runner.add("query.by_unique_key", Queries::byUniqueKey);
        runner.add("query.by_message_id", Queries::byMessageId);
        runner.add("query.offsets", Queries::offsets);
        runner.add("query.offset_by_time", Queries::offsetByTime);
    }

    private static Set<String> find(Stage stage, String topic, String key, int most, long begin,
            long end) throws Exception {
        Set<String> bodies = new HashSet<>();
        QueryResult result;
        try {
            result = stage.producer().queryMessage(topic, key, most, begin, end);
        } catch (MQClientException e) {
            // The client reports "nothing found" as an error.
            return bodies;
        }
        for (MessageExt message : result.getMessageList()) {
            Check.equal(topic, message.getTopic(), "topic of a found message");
            bodies.add(Inbox.text(message));
        }
        return bodies;
    }

    private static void byKey(Stage stage) throws Exception {
        String topic = stage.topic(3);
        String other = stage.topic(1);
        Set<String> wanted = new HashSet<>();
        for (int i = 0; i < 6; i++) {
            stage.sendOk(new Message(topic, "t", i % 2 == 0 ? "common extra" + i : "lonely" + i,
                    Stage.bytes("m-" + i)));
            if (i % 2 == 0) {
                wanted.add("m-" + i);
            }
        }
        stage.sendOk(new Message(other, "t", "common", Stage.bytes("of another topic")));
        long begin = System.currentTimeMillis() - 3_600_000;
        long end = System.currentTimeMillis() + 3_600_000;
        Check.eventually(
                ()
                        -> Check.equal(wanted, find(stage, topic, "common", 32, begin, end),
                                "by common key"));
        Check.equal(Set.of("m-2"), find(stage, topic, "extra2", 32, begin, end),
                "by the second of two keys");
        Check.equal(Set.of("m-5"), find(stage, topic, "lonely5", 32, begin, end),
                "by a key of one message");
        Check.equal(2, find(stage, topic, "common", 2, begin, end).size(), "at most two");
        Check.equal(Set.of(), find(stage, topic, "nobody", 32, begin, end), "by an unknown key");
        Check.equal(Set.of(),
                find(stage, topic, "common", 32, begin - 7_200_000, begin - 3_600_000),
                "in another hour");
        stage.sendOk(new Message(topic, "t", "schlüssel-日本", Stage.bytes("non-ascii")));
        Check.eventually(()
                                 -> Check.equal(Set.of("non-ascii"),
                                         find(stage, topic, "schlüssel-日本", 32, begin,
                                                 System.currentTimeMillis() + 3_600_000),
                                         "by a non-ASCII key"));
    }

    /** "Aa" and "BB" hash alike, and the index stores hashes only. */
    private static void byCollidingKey(Stage stage) throws Exception {
        String topic = stage.topic(1);
        stage.sendOk(new Message(topic, "t", "Aa", Stage.bytes("one")));
        stage.sendOk(new Message(topic, "t", "BB", Stage.bytes("two")));
        long now = System.currentTimeMillis();
        Check.eventually(
                ()
                        -> Check.equal(Set.of("two"),
                                find(stage, topic, "BB", 32, now - 3_600_000, now + 3_600_000),
                                "by key BB"));
        Check.eventually(
                ()
                        -> Check.equal(Set.of("one"),
                                find(stage, topic, "Aa", 32, now - 3_600_000, now + 3_600_000),
                                "by key Aa"));
    }

    private static void byUniqueKey(Stage stage) throws Exception {
        String topic = stage.topic(2);
        List<SendResult> results = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            results.add(stage.sendOk(new Message(topic, "t", "k" + i, Stage.bytes("u-" + i))));
        }
        for (int i = 0; i < 3; i++) {
            String id = results.get(i).getMsgId();
            String body = "u-" + i;
            Check.eventually(() -> {
                MessageExt found = stage.producer().viewMessage(topic, id);
                Check.that(found != null, "message of unique id " + id);
                Check.equal(body, Inbox.text(found), "body");
                Check.equal(id, found.getMsgId(), "unique id");
            });
        }
    }

    private static void byMessageId(Stage stage) throws Exception {
        String topic = stage.topic(2);
        SendResult result = null;
        for (int i = 0; i < 3; i++) {
            Message message = new Message(topic, "t", "k" + i, Stage.bytes("id-" + i));
            message.putUserProperty("n", "v" + i);
            result = stage.sendOk(message);
        }
        MessageExt found = stage.producer().viewMessage(topic, result.getOffsetMsgId());
        Check.equal("id-2", Inbox.text(found), "body");
        Check.equal("v2", found.getUserProperty("n"), "property");
        Check.equal(topic, found.getTopic(), "topic");
        Check.equal(result.getQueueOffset(), found.getQueueOffset(), "queue offset");
        Check.equal(result.getMessageQueue().getQueueId(), found.getQueueId(), "queue");
        // An id that points far past the end of the log finds nothing, by this way or by the
        // fallback.
        String beyond = result.getOffsetMsgId().substring(0, 16) + "00000FFFFFFFFFFF";
        try {
            MessageExt nothing = stage.producer().viewMessage(topic, beyond);
            Check.equal(null, nothing, "message past the end");
        } catch (MQClientException | MQBrokerException e) {
            Check.that(e.getMessage() != null, "an error with a reason");
        }
    }

    private static void offsets(Stage stage) throws Exception {
        String topic = stage.topic(2);
        DefaultMQProducer producer = stage.producer();
        MessageQueue queue = stage.queues(topic).get(0);
        Check.equal(0L, producer.maxOffset(queue), "maximum of an empty queue");
        Check.equal(0L, producer.minOffset(queue), "minimum of an empty queue");
        long before = System.currentTimeMillis();
        for (int i = 0; i < 7; i++) {
            producer.send(new Message(topic, Stage.bytes("o-" + i)), queue);
        }
        stage.awaitStored(topic, 7);
        Check.equal(7L, producer.maxOffset(queue), "maximum");
        Check.equal(0L, producer.minOffset(queue), "minimum");
        Check.equal(
                0L, producer.maxOffset(stage.queues(topic).get(1)), "maximum of the other queue");
        long earliest = producer.earliestMsgStoreTime(queue);
        Check.equal(stage.dump(topic, 7).get(0).get(0).getStoreTimestamp(), earliest,
                "earliest store time");
        Check.that(earliest >= before - 1000 && earliest <= System.currentTimeMillis() + 1000,
                "earliest is recent");
    }

    private static void offsetByTime(Stage stage) throws Exception {
        String topic = stage.topic(1);
        DefaultMQProducer producer = stage.producer();
        MessageQueue queue = stage.queues(topic).get(0);
        for (int i = 0; i < 20; i++) {
            long sent = System.currentTimeMillis();
            stage.sendOk(new Message(topic, Stage.bytes("time-" + i)));
            // Two messages in a row share a millisecond now and then; every third boundary is
            // distinct.
            Check.until("the clock moves", () -> System.currentTimeMillis() > sent + 2);
        }
        List<MessageExt> stored = stage.dump(topic, 20).get(0);
        long first = stored.get(0).getStoreTimestamp();
        long last = stored.get(19).getStoreTimestamp();
        Check.equal(0L, producer.searchOffset(queue, first - 60_000), "before the first");
        Check.equal(20L, producer.searchOffset(queue, last + 60_000), "after the last");
        for (int i = 0; i < 20; i++) {
            long time = stored.get(i).getStoreTimestamp();
            long wanted = i;
            while (wanted > 0 && stored.get((int) wanted - 1).getStoreTimestamp() == time) {
                wanted--;
            }
            Check.equal(wanted, producer.searchOffset(queue, time),
                    "first message of the time of message " + i);
        }
    }
}
