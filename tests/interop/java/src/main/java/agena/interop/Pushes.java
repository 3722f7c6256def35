package agena.interop;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.producer.selector.SelectMessageQueueByHash;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/**
 * Push consumption: concurrent and ordered, clustering and broadcasting, tag filters, long
 * polling.
 */
final class Pushes {
    private Pushes() {}

    static void addTo(Runner runner) {
        runner.add("push.clustering", Pushes::clustering);
        runner.add("push.broadcasting", Pushes::broadcasting);
        runner.add("push.ordered_clustering", Pushes::orderedClustering);
        if (ClientVersion.FIVE) {
            // A 4.x consumer that is both never pulls: nobody locks its queues.
            runner.add("push.ordered_broadcasting", Pushes::orderedBroadcasting);
        }
        runner.add("push.two_groups", Pushes::twoGroups);
        runner.add("push.two_topics", Pushes::twoTopics);
        runner.add("push.batches", Pushes::batches);
        runner.add("push.long_polling", Pushes::longPolling);
        runner.add("push.suspend_and_resume", Pushes::suspendAndResume);
        runner.add("filter.tags", Pushes::tags);
        runner.add("filter.colliding_tags", Pushes::collidingTags);
        runner.add("filter.sparse_tag", Pushes::sparseTag);
    }

    private static void clustering(Stage stage) throws Exception {
        String topic = stage.topic(8);
        String group = stage.name("G");
        Inbox first = new Inbox();
        Inbox second = new Inbox();
        DefaultMQPushConsumer one = stage.consume(group, topic, "*", first);
        DefaultMQPushConsumer two = stage.consume(group, topic, "*", second);
        Rebalances.awaitOwners(topic, 8, List.of(one, two));
        Set<String> sent = stage.send(topic, "t", "m", 160);
        Check.until("every message at one of the two",
                () -> first.size() + second.size() >= sent.size());
        Set<String> seen = new HashSet<>(first.bodies());
        seen.addAll(second.bodies());
        Check.sameSet(sent, seen, "bodies of both consumers");
        Check.equal(80, first.size(), "messages of the first of two consumers");
        Check.equal(80, second.size(), "messages of the second of two consumers");
        for (MessageExt message : first.all()) {
            Check.equal("t", message.getTags(), "tag");
        }
    }

    private static void broadcasting(Stage stage) throws Exception {
        String topic = stage.topic(4);
        String group = stage.name("G");
        List<Inbox> inboxes = new ArrayList<>();
        List<DefaultMQPushConsumer> consumers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            Inbox inbox = new Inbox();
            DefaultMQPushConsumer consumer = stage.newPushConsumer(group);
            ClientVersion.broadcasting(consumer);
            consumer.subscribe(topic, "*");
            consumer.registerMessageListener(inbox.concurrently());
            consumers.add(stage.start(consumer));
            inboxes.add(inbox);
        }
        Set<String> sent = stage.send(topic, "t", "b", 40);
        for (Inbox inbox : inboxes) {
            Check.until("all messages at each consumer", () -> inbox.holds(sent));
        }
        for (int i = 0; i < 3; i++) {
            Check.sameSet(sent, inboxes.get(i).bodies(), "bodies at consumer " + i);
            Check.equal(40, inboxes.get(i).size(), "deliveries at consumer " + i);
            Check.equal(4, Rebalances.owned(consumers.get(i), topic).size(),
                    "queues of a broadcasting consumer");
        }
    }

    /**
     * Sees order within a key, one consumer per queue at a time, and the repeat after a
     * suspension.
     */
    private static final class OrderWatch implements MessageListenerOrderly {
        final Map<String, List<Integer>> byKey = new ConcurrentHashMap<>();
        final ConcurrentLinkedQueue<String> trouble = new ConcurrentLinkedQueue<>();
        final AtomicInteger total = new AtomicInteger();
        final Map<Integer, AtomicInteger> busy;
        final AtomicBoolean suspended;

        OrderWatch(Map<Integer, AtomicInteger> busy, AtomicBoolean suspended) {
            this.busy = busy;
            this.suspended = suspended;
        }

        @Override
        public ConsumeOrderlyStatus consumeMessage(List<MessageExt> batch,
                org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyContext context) {
            int queue = context.getMessageQueue().getQueueId();
            AtomicInteger inside = busy.computeIfAbsent(queue, q -> new AtomicInteger());
            if (inside.incrementAndGet() != 1) {
                trouble.add("two at once in queue " + queue);
            }
            try {
                for (MessageExt message : batch) {
                    String[] parts = Inbox.text(message).split("/");
                    if (parts[1].equals("7") && suspended.compareAndSet(false, true)) {
                        context.setSuspendCurrentQueueTimeMillis(100);
                        return ConsumeOrderlyStatus.SUSPEND_CURRENT_QUEUE_A_MOMENT;
                    }
                    byKey.computeIfAbsent(parts[0], k -> new ArrayList<>())
                            .add(Integer.parseInt(parts[1]));
                    total.incrementAndGet();
                }
                return ConsumeOrderlyStatus.SUCCESS;
            } finally {
                inside.decrementAndGet();
            }
        }
    }

    private static void orderedClustering(Stage stage) throws Exception {
        String topic = stage.topic(4);
        String group = stage.name("G");
        Map<Integer, AtomicInteger> busy = new ConcurrentHashMap<>();
        AtomicBoolean suspended = new AtomicBoolean();
        List<OrderWatch> watches =
                List.of(new OrderWatch(busy, suspended), new OrderWatch(busy, suspended));
        List<DefaultMQPushConsumer> consumers = new ArrayList<>();
        for (OrderWatch watch : watches) {
            DefaultMQPushConsumer consumer = stage.newPushConsumer(group);
            consumer.setConsumeMessageBatchMaxSize(1);
            consumer.subscribe(topic, "*");
            consumer.registerMessageListener(watch);
            consumers.add(stage.start(consumer));
        }
        Rebalances.awaitOwners(topic, 4, consumers);
        int keys = 8;
        int each = 20;
        for (int i = 0; i < each; i++) {
            for (int k = 0; k < keys; k++) {
                stage.producer().send(new Message(topic, Stage.bytes("key" + k + "/" + i)),
                        new SelectMessageQueueByHash(), "key" + k);
            }
        }
        Check.until("all ordered messages",
                () -> watches.get(0).total.get() + watches.get(1).total.get() >= keys * each);
        Check.that(suspended.get(), "one message was suspended");
        Map<String, List<Integer>> all = new HashMap<>();
        for (OrderWatch watch : watches) {
            Check.that(watch.trouble.isEmpty(), "exclusive queues: " + watch.trouble);
            watch.byKey.forEach((key, numbers)
                                        -> Check.that(all.put(key, numbers) == null,
                                                key + " at two consumers"));
        }
        List<Integer> wanted = new ArrayList<>();
        for (int i = 0; i < each; i++) {
            wanted.add(i);
        }
        for (int k = 0; k < keys; k++) {
            Check.equal(wanted, all.get("key" + k), "sequence of key" + k);
        }
    }

    private static void orderedBroadcasting(Stage stage) throws Exception {
        String topic = stage.topic(2);
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = stage.newPushConsumer(stage.name("G"));
        ClientVersion.broadcasting(consumer);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(inbox.orderly());
        stage.start(consumer);
        Set<String> sent = stage.send(topic, null, "ob", 30);
        Check.until("all messages", () -> inbox.holds(sent));
        Check.sameSet(sent, inbox.bodies(), "bodies");
        Map<Integer, Long> last = new HashMap<>();
        for (MessageExt message : inbox.all()) {
            long previous = last.getOrDefault(message.getQueueId(), -1L);
            Check.equal(previous + 1, message.getQueueOffset(),
                    "next offset of queue " + message.getQueueId());
            last.put(message.getQueueId(), message.getQueueOffset());
        }
    }

    private static void twoGroups(Stage stage) throws Exception {
        String topic = stage.topic(4);
        Set<String> sent = stage.send(topic, "t", "g", 20);
        Inbox first = new Inbox();
        Inbox second = new Inbox();
        stage.consume(stage.name("G"), topic, "*", first);
        stage.consume(stage.name("G"), topic, "*", second);
        Check.until("all messages at both groups", () -> first.holds(sent) && second.holds(sent));
        Check.equal(20, first.size(), "deliveries to the first group");
        Check.equal(20, second.size(), "deliveries to the second group");
    }

    private static void twoTopics(Stage stage) throws Exception {
        String red = stage.topic(2);
        String blue = stage.topic(3);
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = stage.newPushConsumer(stage.name("G"));
        consumer.subscribe(red, "*");
        consumer.subscribe(blue, "keep");
        consumer.registerMessageListener(inbox.concurrently());
        stage.start(consumer);
        Set<String> sent = new HashSet<>(stage.send(red, "any", "red", 10));
        stage.send(blue, "drop", "no", 10);
        sent.addAll(stage.send(blue, "keep", "blue", 10));
        Check.until("messages of both topics", () -> inbox.holds(sent));
        Check.sameSet(sent, inbox.bodies(), "bodies");
        for (MessageExt message : inbox.all()) {
            Check.equal(Inbox.text(message).startsWith("red") ? red : blue, message.getTopic(),
                    "topic");
        }
    }

    private static void batches(Stage stage) throws Exception {
        String topic = stage.topic(1);
        Set<String> sent = stage.send(topic, null, "n", 100);
        Inbox inbox = new Inbox();
        AtomicInteger largest = new AtomicInteger();
        DefaultMQPushConsumer consumer = stage.newPushConsumer(stage.name("G"));
        consumer.setConsumeMessageBatchMaxSize(16);
        consumer.setPullBatchSize(24);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            largest.accumulateAndGet(messages.size(), Math::max);
            inbox.addAll(messages);
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        stage.start(consumer);
        Check.until("all messages", () -> inbox.holds(sent));
        Check.equal(16, largest.get(), "largest batch handed over");
        Check.equal(100, inbox.size(), "deliveries");
    }

    /**
     * A message for an idle consumer arrives because its waiting pull is answered, not at the next
     * poll.
     */
    private static void longPolling(Stage stage) throws Exception {
        String topic = stage.topic(1);
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = stage.consume(stage.name("G"), topic, "*", inbox);
        Rebalances.awaitOwners(topic, 1, List.of(consumer));
        for (int i = 0; i < 5; i++) {
            int wanted = i + 1;
            stage.sendOk(new Message(topic, Stage.bytes("wake-" + i)));
            // Java can miss the wake-up of a pull that is just settling down, and looks again after
            // 5 s.
            Check.until("message " + i + " well before the 15 s that a pull waits", 10_000,
                    () -> inbox.size() == wanted);
        }
    }

    private static void suspendAndResume(Stage stage) throws Exception {
        String topic = stage.topic(2);
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = stage.consume(stage.name("G"), topic, "*", inbox);
        Set<String> before = stage.send(topic, null, "before", 4);
        Check.until("messages before the pause", () -> inbox.holds(before));
        consumer.suspend();
        // Pulls that already wait at the broker may still hand over what comes next; push them out.
        Set<String> during = stage.send(topic, null, "during", 10);
        consumer.resume();
        Check.until("messages after the pause", () -> inbox.holds(during));
        Check.equal(14, inbox.size(), "deliveries");
    }

    private static void tags(Stage stage) throws Exception {
        String topic = stage.topic(4);
        Set<String> a = stage.send(topic, "A", "a", 15);
        Set<String> b = stage.send(topic, "B", "b", 15);
        Set<String> c = stage.send(topic, "C", "c", 15);
        Set<String> none = stage.send(topic, null, "none", 5);
        Set<String> ab = new HashSet<>(a);
        ab.addAll(b);
        Set<String> every = new HashSet<>(ab);
        every.addAll(c);
        every.addAll(none);
        Map<String, Set<String>> wanted = Map.of("A || B", ab, "C", c, "*", every);
        Map<String, Inbox> inboxes = new HashMap<>();
        for (String expression : wanted.keySet()) {
            Inbox inbox = new Inbox();
            inboxes.put(expression, inbox);
            stage.consume(stage.name("G"), topic, expression, inbox);
        }
        for (String expression : wanted.keySet()) {
            Inbox inbox = inboxes.get(expression);
            Check.until("messages for " + expression,
                    () -> inbox.size() >= wanted.get(expression).size());
            Check.sameSet(wanted.get(expression), inbox.bodies(), "messages for " + expression);
        }
        // What comes later is filtered by the same expressions while pulls wait.
        stage.send(topic, "C", "late-c", 4);
        Set<String> late = stage.send(topic, "B", "late-b", 4);
        Check.until("late messages of B", () -> inboxes.get("A || B").holds(late));
        Check.equal(34, inboxes.get("A || B").size(), "messages for A || B in the end");
    }

    /**
     * "Aa" and "BB" have one hash code: the broker passes both, the client's exact match drops
     * one.
     */
    private static void collidingTags(Stage stage) throws Exception {
        String topic = stage.topic(1);
        Check.equal("Aa".hashCode(), "BB".hashCode(), "hash codes");
        stage.send(topic, "BB", "wrong", 10);
        Set<String> sent = stage.send(topic, "Aa", "right", 10);
        Inbox inbox = new Inbox();
        stage.consume(stage.name("G"), topic, "Aa", inbox);
        Check.until("messages of the tag", () -> inbox.holds(sent));
        Check.sameSet(sent, inbox.bodies(), "bodies");
    }

    /**
     * One match behind many that do not match: the pull must move on although nothing is handed
     * over.
     */
    private static void sparseTag(Stage stage) throws Exception {
        String topic = stage.topic(1);
        List<Message> noise = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            noise.add(new Message(topic, "noise", Stage.bytes("noise-" + i)));
        }
        for (int i = 0; i < 5; i++) {
            stage.producer().send(noise);
        }
        Set<String> sent = stage.send(topic, "signal", "needle", 1);
        Inbox inbox = new Inbox();
        stage.consume(stage.name("G"), topic, "signal", inbox);
        Check.until("the needle", () -> inbox.holds(sent));
        Check.sameSet(sent, inbox.bodies(), "bodies");
    }
}
