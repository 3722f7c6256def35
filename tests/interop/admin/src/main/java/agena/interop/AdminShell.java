package agena.interop;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.tools.command.MQAdminStartup;

/**
 * Runs mqadmin commands one after the other in one JVM, because starting one for each costs a
 * second. Each line of standard input is a command, its arguments separated by tabs; each answer is
 * a line with its length in bytes, then what the command printed. Lines that begin with @ are steps
 * of this shell:
 *   @send TOPIC QUEUE TAG KEY BODY   sends one message, prints queue, offset, unique id, offset id
 *   @producer GROUP                  keeps a producer connected
 *   @consumer GROUP TOPIC            keeps a push consumer running from the first message on
 *   @consumed GROUP                  prints how many messages that consumer got
 *   @close GROUP                     shuts that client down
 */
public final class AdminShell {
    /**
     * Some commands keep a client that cannot start twice; after this, the next run makes new
     * ones.
     */
    private static final class Commands extends MQAdminStartup {
        static void forget() {
            SUB_COMMANDS.clear();
        }
    }

    private static final String NAMESRV = System.getProperty("interop.namesrv");

    private final Map<String, Runnable> closers = new HashMap<>();
    private final Map<String, AtomicInteger> consumed = new HashMap<>();
    private DefaultMQProducer sender;

    public static void main(String[] args) throws Exception {
        PrintStream answers = System.out;
        AdminShell shell = new AdminShell();
        BufferedReader input =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            ByteArrayOutputStream caught = new ByteArrayOutputStream();
            PrintStream stream = new PrintStream(caught, true, StandardCharsets.UTF_8);
            System.setOut(stream);
            System.setErr(stream);
            String[] words = line.split("\t", -1);
            try {
                if (words[0].startsWith("@")) {
                    shell.step(words);
                } else {
                    Commands.forget();
                    MQAdminStartup.main0(words, null);
                }
            } catch (Throwable t) {
                // Whatever a command throws is its output, and the test decides what it means.
                t.printStackTrace(stream);
            }
            stream.flush();
            byte[] bytes = caught.toByteArray();
            answers.println(bytes.length);
            answers.write(bytes);
            answers.flush();
        }
        shell.closers.values().forEach(Runnable::run);
        System.exit(0);
    }

    private void step(String[] words) throws Exception {
        switch (words[0]) {
            case "@send":
                send(words);
                break;
            case "@producer":
                producer(words[1]);
                break;
            case "@consumer":
                consumer(words[1], words[2]);
                break;
            case "@consumed":
                System.out.println(consumed.get(words[1]).get());
                break;
            case "@close":
                closers.remove(words[1]).run();
                break;
            default:
                throw new IllegalArgumentException(words[0]);
        }
    }

    private DefaultMQProducer producer(String group) throws Exception {
        DefaultMQProducer producer = new DefaultMQProducer(group);
        producer.setNamesrvAddr(NAMESRV);
        producer.setInstanceName(group);
        producer.setHeartbeatBrokerInterval(2000);
        producer.setSendMsgTimeout(15_000);
        producer.start();
        closers.put(group, producer::shutdown);
        return producer;
    }

    private void send(String[] words) throws Exception {
        if (sender == null) {
            sender = producer("interop_admin_sender");
        }
        String topic = words[1];
        int wanted = Integer.parseInt(words[2]);
        Message message =
                new Message(topic, words[3], words[4], words[5].getBytes(StandardCharsets.UTF_8));
        SendResult result = sender.send(message, (queues, sent, argument) -> {
            for (MessageQueue queue : queues) {
                if (queue.getQueueId() == wanted) {
                    return queue;
                }
            }
            throw new IllegalArgumentException("no queue " + wanted);
        }, null);
        System.out.println(result.getMessageQueue().getQueueId() + " " + result.getQueueOffset()
                + " " + result.getMsgId() + " " + result.getOffsetMsgId());
    }

    private void consumer(String group, String topic) throws Exception {
        AtomicInteger count = new AtomicInteger();
        consumed.put(group, count);
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(group);
        consumer.setNamesrvAddr(NAMESRV);
        consumer.setInstanceName(group);
        consumer.setHeartbeatBrokerInterval(2000);
        consumer.setPersistConsumerOffsetInterval(500);
        consumer.setPollNameServerInterval(1000);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(topic, "TagA || TagB");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            count.addAndGet(messages.size());
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        closers.put(group, consumer::shutdown);
    }
}
