package agena.interop;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.rocketmq.client.consumer.AllocateMessageQueueStrategy;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.rebalance.AllocateMachineRoomNearby;
import org.apache.rocketmq.client.consumer.rebalance.AllocateMessageQueueAveragely;
import org.apache.rocketmq.client.consumer.rebalance.AllocateMessageQueueAveragelyByCircle;
import org.apache.rocketmq.client.consumer.rebalance.AllocateMessageQueueConsistentHash;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageQueue;

/** Who owns which queue as members of a group come and go. */
final class Rebalances {
    private Rebalances() {}

    static void addCoreTo(Runner runner) {
        runner.add("rebalance.4_to_2_to_4", Rebalances::fourTwoFour);
    }

    static void addMoreTo(Runner runner) {
        runner.add("rebalance.more_members_than_queues", Rebalances::moreMembersThanQueues);
        for (Map.Entry<String, AllocateMessageQueueStrategy> each : strategies().entrySet()) {
            runner.add("rebalance." + each.getKey(), stage -> strategy(stage, each.getValue()));
        }
    }

    private static Map<String, AllocateMessageQueueStrategy> strategies() {
        Map<String, AllocateMessageQueueStrategy> result = new LinkedHashMap<>();
        result.put("averagely", new AllocateMessageQueueAveragely());
        result.put("by_circle", new AllocateMessageQueueAveragelyByCircle());
        result.put("consistent_hash", new AllocateMessageQueueConsistentHash());
        result.put("machine_room_nearby",
                new AllocateMachineRoomNearby(new AllocateMessageQueueAveragely(),
                        new AllocateMachineRoomNearby.MachineRoomResolver() {
                            @Override
                            public String brokerDeployIn(MessageQueue queue) {
                                return "room1";
                            }

                            @Override
                            public String consumerDeployIn(String clientId) {
                                return "room1";
                            }
                        }));
        return result;
    }

    /** The ids of the topic's queues that this consumer holds. */
    static Set<Integer> owned(DefaultMQPushConsumer consumer, String topic) {
        Set<Integer> ids = new HashSet<>();
        for (MessageQueue queue : consumer.getDefaultMQPushConsumerImpl()
                                          .getRebalanceImpl()
                                          .getProcessQueueTable()
                                          .keySet()) {
            if (queue.getTopic().equals(topic)) {
                ids.add(queue.getQueueId());
            }
        }
        return ids;
    }

    /** Waits until each queue has exactly one owner and each member a fair share. */
    static void awaitOwners(String topic, int queues, List<DefaultMQPushConsumer> members)
            throws Exception {
        AtomicReference<String> last = new AtomicReference<>("");
        try {
            Check.until("owners", () -> {
                List<Set<Integer>> shares = new ArrayList<>();
                int total = 0;
                Set<Integer> union = new HashSet<>();
                boolean fair = true;
                for (DefaultMQPushConsumer member : members) {
                    Set<Integer> share = owned(member, topic);
                    shares.add(share);
                    union.addAll(share);
                    total += share.size();
                    fair &= share.size() >= queues / members.size();
                }
                last.set(shares.toString());
                return fair && total == queues && union.size() == queues;
            });
        } catch (AssertionError e) {
            throw new AssertionError(
                    "each of " + queues + " queues of " + topic + " has one owner, but " + last, e);
        }
    }

    private static void fourTwoFour(Stage stage) throws Exception {
        String topic = stage.topic(8);
        String group = stage.name("G");
        Inbox inbox = new Inbox();
        List<DefaultMQPushConsumer> members = new ArrayList<>();
        Set<String> sent = ConcurrentHashMap.newKeySet();
        AtomicBoolean stop = new AtomicBoolean();
        AtomicReference<Throwable> trouble = new AtomicReference<>();
        Thread sender = new Thread(() -> {
            try {
                for (int i = 0; !stop.get(); i++) {
                    String body = "m-" + i;
                    stage.sendOk(new Message(topic, Stage.bytes(body)));
                    sent.add(body);
                    Thread.sleep(5);
                }
            } catch (Throwable t) {
                trouble.set(t);
            }
        });
        stage.producer();
        sender.start();
        try {
            for (int i = 0; i < 4; i++) {
                members.add(stage.consume(group, topic, "*", inbox));
            }
            awaitOwners(topic, 8, members);
            awaitProgress(sent, inbox);
            for (int i = 0; i < 2; i++) {
                members.remove(0).shutdown();
            }
            awaitOwners(topic, 8, members);
            awaitProgress(sent, inbox);
            for (int i = 0; i < 2; i++) {
                members.add(stage.consume(group, topic, "*", inbox));
            }
            awaitOwners(topic, 8, members);
            awaitProgress(sent, inbox);
        } finally {
            stop.set(true);
            sender.join();
        }
        if (trouble.get() != null) {
            throw new AssertionError("the sender failed", trouble.get());
        }
        Check.until("no message is lost", () -> inbox.holds(sent));
        Check.sameSet(sent, inbox.bodies(), "bodies");
        // At least once is the promise; moving queues may repeat, but not most of the traffic.
        Check.that(inbox.size() < 2 * sent.size(),
                inbox.size() + " deliveries of " + sent.size() + " messages");
    }

    /** What was sent until now arrives while the group has its present members. */
    private static void awaitProgress(Set<String> sent, Inbox inbox) throws Exception {
        Set<String> until = new HashSet<>(sent);
        Check.until(until.size() + " messages sent so far", () -> inbox.holds(until));
    }

    private static void moreMembersThanQueues(Stage stage) throws Exception {
        String topic = stage.topic(2);
        String group = stage.name("G");
        Inbox inbox = new Inbox();
        List<DefaultMQPushConsumer> members = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            members.add(stage.consume(group, topic, "*", inbox));
        }
        awaitOwners(topic, 2, members);
        Set<String> sent = stage.send(topic, null, "few", 10);
        Check.until("all messages", () -> inbox.holds(sent));
        // The spare member takes over when an owner leaves.
        for (DefaultMQPushConsumer member : new ArrayList<>(members)) {
            if (!owned(member, topic).isEmpty()) {
                members.remove(member);
                member.shutdown();
                break;
            }
        }
        awaitOwners(topic, 2, members);
        Set<String> more = stage.send(topic, null, "more", 10);
        Check.until("messages after the takeover", () -> inbox.holds(more));
    }

    private static void strategy(Stage stage, AllocateMessageQueueStrategy strategy)
            throws Exception {
        String topic = stage.topic(6);
        String group = stage.name("G");
        Map<DefaultMQPushConsumer, Inbox> members = new HashMap<>();
        for (int i = 0; i < 2; i++) {
            Inbox inbox = new Inbox();
            DefaultMQPushConsumer consumer = stage.newPushConsumer(group);
            consumer.setAllocateMessageQueueStrategy(strategy);
            consumer.subscribe(topic, "*");
            consumer.registerMessageListener(inbox.concurrently());
            members.put(stage.start(consumer), inbox);
        }
        List<DefaultMQPushConsumer> consumers = new ArrayList<>(members.keySet());
        // Consistent hashing need not be fair, so only single ownership is asked for here.
        Check.until("each queue has one owner", () -> {
            Set<Integer> first = owned(consumers.get(0), topic);
            Set<Integer> second = owned(consumers.get(1), topic);
            Set<Integer> union = new HashSet<>(first);
            union.addAll(second);
            return union.size() == 6 && first.size() + second.size() == 6
                    && bothSeen(consumers.get(0), group, topic)
                    && bothSeen(consumers.get(1), group, topic);
        });
        Set<String> sent = stage.send(topic, null, "s", 30);
        Check.until("all messages", () -> {
            Set<String> seen = new HashSet<>();
            members.values().forEach(inbox -> seen.addAll(inbox.bodies()));
            return seen.containsAll(sent);
        });
    }

    /** True once this member's own view of the group, asked from the broker, has both members. */
    private static boolean bothSeen(DefaultMQPushConsumer consumer, String group, String topic) {
        List<String> ids =
                consumer.getDefaultMQPushConsumerImpl().getmQClientFactory().findConsumerIdList(
                        topic, group);
        return ids != null && ids.size() == 2;
    }
}
