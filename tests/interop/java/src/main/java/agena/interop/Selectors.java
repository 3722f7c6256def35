package agena.interop;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.MessageQueueSelector;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.selector.SelectMessageQueueByHash;
import org.apache.rocketmq.client.producer.selector.SelectMessageQueueByMachineRoom;
import org.apache.rocketmq.client.producer.selector.SelectMessageQueueByRandom;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** Every queue selector that the client ships, and one of the user's own. */
final class Selectors {
    private static final int QUEUES = 5;

    private Selectors() {}

    static void addTo(Runner runner) {
        runner.add("selector.hash", Selectors::hash);
        runner.add("selector.random", Selectors::random);
        runner.add("selector.by_argument", Selectors::byArgument);
        runner.add("selector.machine_room", Selectors::machineRoom);
    }

    private static void hash(Stage stage) throws Exception {
        String topic = stage.topic(QUEUES);
        for (int i = 0; i < 40; i++) {
            String order = "order" + i % 8;
            stage.producer().send(new Message(topic, "t", order, Stage.bytes(order + "/" + i)),
                    new SelectMessageQueueByHash(), order);
        }
        TreeMap<Integer, List<MessageExt>> dump = stage.dump(topic, 40);
        int total = 0;
        for (Map.Entry<Integer, List<MessageExt>> queue : dump.entrySet()) {
            Map<String, Integer> last = new TreeMap<>();
            for (MessageExt message : queue.getValue()) {
                String order = message.getKeys();
                Check.equal(
                        Math.abs(order.hashCode() % QUEUES), queue.getKey(), "queue of " + order);
                int number = Integer.parseInt(Inbox.text(message).split("/")[1]);
                Check.that(last.getOrDefault(order, -1) < number, order + " keeps its order");
                last.put(order, number);
                total++;
            }
        }
        Check.equal(40, total, "stored");
    }

    private static void random(Stage stage) throws Exception {
        String topic = stage.topic(QUEUES);
        Set<String> sent = new HashSet<>();
        MessageQueueSelector selector = new SelectMessageQueueByRandom();
        TreeMap<String, Integer> answered = new TreeMap<>();
        for (int i = 0; i < 40; i++) {
            SendResult result = stage.producer().send(
                    new Message(topic, Stage.bytes("r-" + i)), selector, null);
            answered.put("r-" + i, result.getMessageQueue().getQueueId());
            sent.add("r-" + i);
        }
        Set<String> seen = new HashSet<>();
        Set<Integer> used = new HashSet<>();
        for (MessageExt message : stage.dumpAll(topic, 40)) {
            seen.add(Inbox.text(message));
            used.add(message.getQueueId());
            Check.equal(
                    answered.get(Inbox.text(message)), message.getQueueId(), "queue in the answer");
        }
        Check.sameSet(sent, seen, "bodies");
        Check.that(used.size() > 1, "forty random choices use more than one queue");
    }

    private static void byArgument(Stage stage) throws Exception {
        String topic = stage.topic(QUEUES);
        MessageQueueSelector selector = (queues, message, argument)
                -> queues.stream()
                           .filter(queue -> queue.getQueueId() == (Integer) argument)
                           .findFirst()
                           .orElseThrow();
        CountDownLatch answered = new CountDownLatch(QUEUES);
        for (int q = 0; q < QUEUES; q++) {
            SendResult result = stage.producer().send(
                    new Message(topic, Stage.bytes("sync-" + q)), selector, q);
            Check.equal(q, result.getMessageQueue().getQueueId(), "queue in the answer");
            stage.producer().send(
                    new Message(topic, Stage.bytes("async-" + q)), selector, q, new SendCallback() {
                        @Override
                        public void onSuccess(SendResult ignored) {
                            answered.countDown();
                        }

                        @Override
                        public void onException(Throwable e) {
                            e.printStackTrace();
                        }
                    });
            stage.producer().sendOneway(
                    new Message(topic, Stage.bytes("oneway-" + q)), selector, q);
        }
        Check.that(answered.await(Check.PATIENCE_MS, TimeUnit.MILLISECONDS),
                "asynchronous sends by selector");
        stage.dump(topic, 3 * QUEUES).forEach((queue, messages) -> {
            Set<String> bodies = new HashSet<>();
            messages.forEach(message -> bodies.add(Inbox.text(message)));
            Check.sameSet(Set.of("sync-" + queue, "async-" + queue, "oneway-" + queue), bodies,
                    "queue " + queue);
        });
    }

    /**
     * The shipped selector chooses nothing; the client must say so without troubling the broker.
     */
    private static void machineRoom(Stage stage) throws Exception {
        String topic = stage.topic(QUEUES);
        SelectMessageQueueByMachineRoom selector = new SelectMessageQueueByMachineRoom();
        selector.setConsumeridcs(Set.of("room1"));
        MQClientException refused = Check.clientError("machine room selector",
                ()
                        -> stage.producer().send(
                                new Message(topic, Stage.bytes("x")), selector, "room1"));
        Check.that(refused.getMessage().contains("select message queue return null"),
                refused.getMessage());
        Check.equal(0L, stage.stored(topic), "stored");
    }
}
