package agena.interop;

import java.text.SimpleDateFormat;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;

/**
 * Where a group begins, and that it goes on where it stopped.
 *
 * A clustering group without offsets asks the broker first, and the broker answers 0 for a topic
 * whose first message it still has at hand, so such a group sees everything whatever it wished for.
 * A broadcasting consumer keeps its own offsets, so there its wish decides: maximum and time
 * look-ups.
 */
final class StartingPoints {
    private StartingPoints() {}

    static void addTo(Runner runner) {
        runner.add("start.first", StartingPoints::first);
        runner.add("start.last", StartingPoints::last);
        runner.add("start.timestamp", StartingPoints::timestamp);
        runner.add("start.last_of_a_young_topic", StartingPoints::lastOfYoungTopic);
        runner.add("start.litepull_timestamp", StartingPoints::litePullTimestamp);
        runner.add("offsets.push_client_restart", StartingPoints::pushClientRestart);
        runner.add("offsets.ordered_client_restart", StartingPoints::orderedClientRestart);
        runner.add("offsets.broadcast_client_restart", StartingPoints::broadcastClientRestart);
    }

    private static DefaultMQPushConsumer broadcaster(
            Stage stage, String topic, ConsumeFromWhere where, Inbox inbox) throws Exception {
        DefaultMQPushConsumer consumer = stage.newPushConsumer(stage.name("G"));
        ClientVersion.broadcasting(consumer);
        consumer.setConsumeFromWhere(where);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(inbox.concurrently());
        return consumer;
    }

    private static void first(Stage stage) throws Exception {
        String topic = stage.topic(4);
        Set<String> sent = stage.send(topic, null, "old", 20);
        Inbox inbox = new Inbox();
        stage.start(broadcaster(stage, topic, ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET, inbox));
        Check.until("old messages", () -> inbox.holds(sent));
        Inbox clustering = new Inbox();
        stage.consume(stage.name("G"), topic, "*", clustering);
        Check.until("old messages of a clustering group", () -> clustering.holds(sent));
        Check.equal(20, clustering.size(), "deliveries");
    }

    private static void last(Stage stage) throws Exception {
        String topic = stage.topic(4);
        stage.send(topic, null, "old", 20);
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = stage.start(
                broadcaster(stage, topic, ConsumeFromWhere.CONSUME_FROM_LAST_OFFSET, inbox));
        Rebalances.awaitOwners(topic, 4, List.of(consumer));
        Set<String> sent = stage.send(topic, null, "new", 20);
        Check.until("new messages", () -> inbox.holds(sent));
        Check.sameSet(sent, inbox.bodies(), "only what came after the start");
    }

    /**
     * Two lots of messages with a whole second's boundary between them; returns that second and
     * the later lot.
     */
    private static long straddle(Stage stage, String topic, Set<String> later) throws Exception {
        stage.send(topic, null, "old", 12);
        long newest = 0;
        for (MessageExt message : stage.dumpAll(topic, 12)) {
            newest = Math.max(newest, message.getStoreTimestamp());
        }
        // Consumers name a time in whole seconds, so the lots must lie on both sides of one.
        long boundary = (newest / 1000 + 1) * 1000;
        Check.until("the next second", () -> System.currentTimeMillis() > boundary + 50);
        later.addAll(stage.send(topic, null, "new", 12));
        return boundary;
    }

    private static void timestamp(Stage stage) throws Exception {
        String topic = stage.topic(4);
        Set<String> later = new HashSet<>();
        long boundary = straddle(stage, topic, later);
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer =
                broadcaster(stage, topic, ConsumeFromWhere.CONSUME_FROM_TIMESTAMP, inbox);
        consumer.setConsumeTimestamp(
                new SimpleDateFormat("yyyyMMddHHmmss").format(new Date(boundary)));
        stage.start(consumer);
        Check.until("messages after the timestamp", () -> inbox.holds(later));
        Check.sameSet(later, inbox.bodies(), "only what came after the timestamp");
    }

    private static void lastOfYoungTopic(Stage stage) throws Exception {
        String topic = stage.topic(2);
        Set<String> sent = stage.send(topic, null, "young", 10);
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = stage.newPushConsumer(stage.name("G"));
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_LAST_OFFSET);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(inbox.concurrently());
        stage.start(consumer);
        Check.until("everything in the young topic", () -> inbox.holds(sent));
        Check.equal(10, inbox.size(), "deliveries");
    }

    private static void litePullTimestamp(Stage stage) throws Exception {
        String topic = stage.topic(2);
        Set<String> later = new HashSet<>();
        long boundary = straddle(stage, topic, later);
        DefaultLitePullConsumer consumer = stage.newLitePull(stage.name("G"));
        stage.start(consumer);
        var queues = consumer.fetchMessageQueues(topic);
        consumer.assign(queues);
        for (var queue : queues) {
            consumer.seek(queue, consumer.offsetForTimestamp(queue, boundary));
        }
        Set<String> seen = new HashSet<>();
        Check.until("messages after the time", () -> {
            consumer.poll(200).forEach(message -> seen.add(Inbox.text(message)));
            return seen.size() >= later.size();
        });
        Check.sameSet(later, seen, "only what came after the time");
    }

    private static void pushClientRestart(Stage stage) throws Exception {
        restart(stage, false);
    }

    private static void orderedClientRestart(Stage stage) throws Exception {
        restart(stage, true);
    }

    private static void restart(Stage stage, boolean ordered) throws Exception {
        String topic = stage.topic(4);
        String group = stage.name("G");
        Set<String> first = stage.send(topic, null, "one", 20);
        Inbox before = new Inbox();
        DefaultMQPushConsumer consumer = member(stage, group, topic, ordered, before);
        Check.until("messages before the restart", () -> before.holds(first));
        consumer.shutdown();
        Set<String> second = stage.send(topic, null, "two", 20);
        Inbox after = new Inbox();
        member(stage, group, topic, ordered, after);
        Check.until("messages after the restart", () -> after.holds(second));
        Check.sameSet(second, after.bodies(), "what the restarted client saw");
        Check.equal(20, after.size(), "deliveries after the restart");
    }

    private static DefaultMQPushConsumer member(Stage stage, String group, String topic,
            boolean ordered, Inbox inbox) throws Exception {
        DefaultMQPushConsumer consumer = stage.newPushConsumer(group);
        consumer.subscribe(topic, "*");
        if (ordered) {
            consumer.registerMessageListener(inbox.orderly());
        } else {
            consumer.registerMessageListener(inbox.concurrently());
        }
        return stage.start(consumer);
    }

    /** Broadcasting offsets live in a file of the client, under its id, so the id must stay. */
    private static void broadcastClientRestart(Stage stage) throws Exception {
        String topic = stage.topic(2);
        String group = stage.name("G");
        String instance = stage.name("same");
        Set<String> first = stage.send(topic, null, "one", 10);
        Inbox before = new Inbox();
        DefaultMQPushConsumer consumer = broadcaster(stage, group, instance, topic, before);
        Check.until("messages before the restart", () -> before.holds(first));
        consumer.shutdown();
        Set<String> second = stage.send(topic, null, "two", 10);
        Inbox after = new Inbox();
        broadcaster(stage, group, instance, topic, after);
        Check.until("messages after the restart", () -> after.holds(second));
        Check.sameSet(second, after.bodies(), "what the restarted client saw");
    }

    private static DefaultMQPushConsumer broadcaster(Stage stage, String group, String instance,
            String topic, Inbox inbox) throws Exception {
        DefaultMQPushConsumer consumer = stage.newPushConsumer(group);
        ClientVersion.broadcasting(consumer);
        consumer.setInstanceName(instance);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(inbox.concurrently());
        return stage.start(consumer);
    }
}
