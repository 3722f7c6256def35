package agena.interop;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.ClientConfig;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * What one scenario works with: names that nobody used before, clients that are closed at its end,
 * and the few steps that most scenarios share. Each client has its own instance name, because
 * clients of one name share a connection and would count as one member of a group.
 */
final class Stage implements AutoCloseable {
    static final String NAMESRV = System.getProperty("interop.namesrv", "127.0.0.1:9876");
    private static final AtomicInteger CLIENTS = new AtomicInteger();

    private final String prefix;
    private final AtomicInteger names = new AtomicInteger();
    private final Deque<Runnable> closers = new ArrayDeque<>();
    private DefaultMQProducer shared;
    private DefaultMQPullConsumer reader;

    Stage(String prefix) {
        this.prefix = prefix;
    }

    String name(String kind) {
        return prefix + "_" + kind + names.incrementAndGet();
    }

    /** A fresh topic with this many queues, already routable. */
    String topic(int queues) throws Exception {
        String topic = name("T");
        ClientVersion.createTopic(producer(), "TBW102", topic, queues);
        awaitRoute(topic, queues);
        return topic;
    }

    void awaitRoute(String topic, int queues) throws Exception {
        Check.until("route of " + topic + " lists " + queues + " queues", () -> {
            try {
                return reader().fetchSubscribeMessageQueues(topic).size() == queues;
            } catch (MQClientException e) {
                return false;
            }
        });
    }

    <T extends ClientConfig> T configure(T client) {
        client.setNamesrvAddr(NAMESRV);
        client.setInstanceName(
                "i" + ProcessHandle.current().pid() + "x" + CLIENTS.incrementAndGet());
        client.setPollNameServerInterval(1000);
        // With short heartbeats the Java client loses the full one that follows a rebalance now and
        // then, and gets no messages before the next two: they come soon here.
        client.setHeartbeatBrokerInterval(
                Boolean.getBoolean("com.rocketmq.heartbeat.v2") ? 1000 : 5000);
        client.setPersistConsumerOffsetInterval(1000);
        client.setClientCallbackExecutorThreads(2);
        return client;
    }

    DefaultMQProducer newProducer() {
        DefaultMQProducer producer = configure(new DefaultMQProducer(name("P")));
        producer.setSendMsgTimeout(15_000);
        return producer;
    }

    DefaultMQProducer start(DefaultMQProducer producer) throws MQClientException {
        producer.start();
        onClose(producer::shutdown);
        return producer;
    }

    /** One producer that the scenario's unremarkable sends share. */
    synchronized DefaultMQProducer producer() throws MQClientException {
        if (shared == null) {
            shared = start(newProducer());
        }
        return shared;
    }

    DefaultMQPushConsumer newPushConsumer(String group) {
        DefaultMQPushConsumer consumer = configure(new DefaultMQPushConsumer(group));
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setConsumeThreadMin(2);
        consumer.setConsumeThreadMax(2);
        return consumer;
    }

    DefaultMQPushConsumer start(DefaultMQPushConsumer consumer) throws MQClientException {
        consumer.start();
        onClose(consumer::shutdown);
        return consumer;
    }

    /** A concurrent push consumer of one topic, from the first message on. */
    DefaultMQPushConsumer consume(String group, String topic, String tags, Inbox inbox)
            throws MQClientException {
        DefaultMQPushConsumer consumer = newPushConsumer(group);
        consumer.subscribe(topic, tags);
        consumer.registerMessageListener(inbox.concurrently());
        return start(consumer);
    }

    DefaultLitePullConsumer newLitePull(String group) {
        DefaultLitePullConsumer consumer = configure(new DefaultLitePullConsumer(group));
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setAutoCommit(false);
        consumer.setPullThreadNums(4);
        return consumer;
    }

    DefaultLitePullConsumer start(DefaultLitePullConsumer consumer) throws MQClientException {
        consumer.start();
        onClose(consumer::shutdown);
        return consumer;
    }

    /** A plain pull consumer of a group of its own, for looking at what a topic holds. */
    synchronized DefaultMQPullConsumer reader() throws MQClientException {
        if (reader == null) {
            reader = configure(new DefaultMQPullConsumer(name("R")));
            reader.setConsumerPullTimeoutMillis(20_000);
            reader.start();
            onClose(reader::shutdown);
        }
        return reader;
    }

    /** The topic's queues in the order of their ids. */
    List<MessageQueue> queues(String topic) throws Exception {
        List<MessageQueue> queues = new ArrayList<>(reader().fetchSubscribeMessageQueues(topic));
        queues.sort(null);
        return queues;
    }

    long stored(String topic) throws Exception {
        long total = 0;
        for (MessageQueue queue : queues(topic)) {
            total += reader().maxOffset(queue) - reader().minOffset(queue);
        }
        return total;
    }

    /** A broker may acknowledge a message a moment before readers see it. */
    void awaitStored(String topic, long messages) throws Exception {
        Check.until(messages + " messages readable in " + topic, () -> stored(topic) >= messages);
    }

    /**
     * Everything in the topic, by queue, once it is `messages` or more; checks offsets for gaps.
     */
    TreeMap<Integer, List<MessageExt>> dump(String topic, int messages) throws Exception {
        awaitStored(topic, messages);
        TreeMap<Integer, List<MessageExt>> result = new TreeMap<>();
        for (MessageQueue queue : queues(topic)) {
            List<MessageExt> found = new ArrayList<>();
            long end = reader().maxOffset(queue);
            long at = reader().minOffset(queue);
            while (at < end) {
                PullResult pulled = reader().pull(queue, "*", at, 32);
                Check.equal(
                        PullStatus.FOUND, pulled.getPullStatus(), "pull of " + queue + " at " + at);
                for (MessageExt message : pulled.getMsgFoundList()) {
                    Check.equal(at++, message.getQueueOffset(), "queue offset in " + queue);
                    Check.equal(queue.getQueueId(), message.getQueueId(), "queue id");
                    Check.equal(topic, message.getTopic(), "topic");
                    found.add(message);
                }
                Check.equal(at, pulled.getNextBeginOffset(), "next offset of " + queue);
            }
            result.put(queue.getQueueId(), found);
        }
        return result;
    }

    List<MessageExt> dumpAll(String topic, int messages) throws Exception {
        List<MessageExt> all = new ArrayList<>();
        dump(topic, messages).values().forEach(all::addAll);
        return all;
    }

    /** Sends `count` messages "label-0" ... and returns their bodies. */
    Set<String> send(String topic, String tags, String label, int count) throws Exception {
        Set<String> bodies = new HashSet<>();
        for (int i = 0; i < count; i++) {
            String body = label + "-" + i;
            sendOk(new Message(topic, tags, bytes(body)));
            bodies.add(body);
        }
        return bodies;
    }

    SendResult sendOk(Message message) throws Exception {
        SendResult result = producer().send(message);
        Check.equal(SendStatus.SEND_OK, result.getSendStatus(), "send status");
        return result;
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    void onClose(Runnable closer) {
        synchronized (closers) {
            closers.push(closer);
        }
    }

    @Override
    public void close() {
        while (true) {
            Runnable closer;
            synchronized (closers) {
                closer = closers.poll();
            }
            if (closer == null) {
                return;
            }
            closer.run();
        }
    }
}
