package agena.interop;

import java.io.BufferedReader;
import java.io.FileReader;
import java.io.FileWriter;
import java.io.InputStreamReader;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.remoting.exception.RemotingException;

/**
 * What outlives the server. phase1 leaves a topic half consumed and writes down what it knows;
 * phase2, in a new JVM against the restarted server, checks it. `live` keeps its clients open: it
 * prints "RESTART term" or "RESTART kill" and waits for a line on standard input that says it is
 * done.
 */
final class Restarts {
    private static final int QUEUES = 4;

    private Restarts() {}

    static void before(Stage stage, String file) throws Exception {
        String topic = stage.topic(QUEUES);
        String group = stage.name("G");
        Properties known = new Properties();
        known.setProperty("topic", topic);
        known.setProperty("group", group);
        Set<String> consumed = new HashSet<>();
        for (int i = 0; i < 40; i++) {
            consumed.add(remember(stage, known, topic, "early-" + i));
        }
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = stage.consume(group, topic, "*", inbox);
        Check.until("the early messages", () -> inbox.holds(consumed));
        consumer.shutdown();
        for (int i = 0; i < 30; i++) {
            remember(stage, known, topic, "late-" + i);
        }
        // What a topic made by an explicit request and one made by a send look like must both
        // survive.
        String created = stage.name("T");
        remember(stage, known, created, "auto-0");
        known.setProperty("auto", created);
        try (FileWriter out = new FileWriter(file)) {
            known.store(out, null);
        }
    }

    private static String remember(Stage stage, Properties known, String topic, String body)
            throws Exception {
        SendResult result = stage.sendOk(new Message(topic, "t", "key-" + body, Stage.bytes(body)));
        known.setProperty("sent." + body,
                result.getMessageQueue().getQueueId() + " " + result.getQueueOffset() + " "
                        + result.getMsgId() + " " + result.getOffsetMsgId());
        return body;
    }

    /**
     * `mode` "exact": the committed offsets are known to have reached the disk, so nothing comes
     * twice.
     */
    static void after(Stage stage, String file, String mode) throws Exception {
        Properties known = new Properties();
        try (FileReader in = new FileReader(file)) {
            known.load(in);
        }
        String topic = known.getProperty("topic");
        stage.awaitRoute(topic, QUEUES);
        Map<String, String[]> sent = new HashMap<>();
        for (String name : known.stringPropertyNames()) {
            if (name.startsWith("sent.")) {
                sent.put(name.substring(5), known.getProperty(name).split(" "));
            }
        }
        checkRecords(stage, topic, sent);
        stage.awaitRoute(known.getProperty("auto"), 4);
        Check.equal("auto-0", Inbox.text(stage.dumpAll(known.getProperty("auto"), 1).get(0)),
                "auto-created topic");

        Inbox inbox = new Inbox();
        stage.consume(known.getProperty("group"), topic, "*", inbox);
        Set<String> late = new TreeSet<>();
        for (int i = 0; i < 30; i++) {
            late.add("late-" + i);
        }
        Check.until("what was not consumed before", () -> inbox.holds(late));
        if (mode.equals("exact")) {
            Check.sameSet(late, inbox.bodies(), "what the group sees after the restart");
        }
        // New messages follow the old ones without reusing an offset.
        Set<String> fresh = new TreeSet<>();
        for (MessageQueue queue : stage.queues(topic)) {
            long end = stage.reader().maxOffset(queue);
            SendResult result = stage.producer().send(
                    new Message(topic, Stage.bytes("fresh-" + queue.getQueueId())), queue);
            Check.equal(end, result.getQueueOffset(), "offset of a new message in " + queue);
            fresh.add("fresh-" + queue.getQueueId());
        }
        Check.until("new messages", () -> inbox.holds(fresh));
    }

    private static void checkRecords(Stage stage, String topic, Map<String, String[]> sent)
            throws Exception {
        Map<String, MessageExt> stored = new HashMap<>();
        for (MessageExt message : stage.dumpAll(topic, sent.size() - 1)) {
            Check.that(stored.put(Inbox.text(message), message) == null,
                    Inbox.text(message) + " stored twice");
        }
        long now = System.currentTimeMillis();
        for (Map.Entry<String, String[]> each : sent.entrySet()) {
            String body = each.getKey();
            String[] facts = each.getValue();
            if (body.startsWith("auto")) {
                continue;
            }
            MessageExt message = stored.get(body);
            Check.that(message != null, "acknowledged message " + body + " is lost");
            Check.equal(facts[0] + " " + facts[1] + " " + facts[2],
                    message.getQueueId() + " " + message.getQueueOffset() + " "
                            + message.getMsgId(),
                    "place of " + body);
            if (body.endsWith("-7")) {
                Check.equal(
                        body, Inbox.text(stage.producer().viewMessage(topic, facts[3])), "by id");
                Check.eventually(() -> {
                    var found = stage.producer().queryMessage(
                            topic, "key-" + body, 32, now - 3_600_000, now + 3_600_000);
                    Check.equal(1, found.getMessageList().size(), "found by key");
                    Check.equal(body, Inbox.text(found.getMessageList().get(0)), "by key");
                });
            }
        }
        Check.equal(sent.size() - 1, stored.size(), "stored messages");
    }

    static void live(Stage stage) throws Exception {
        String topic = stage.topic(QUEUES);
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        Inbox inbox = new Inbox();
        stage.consume(stage.name("G"), topic, "*", inbox);
        Set<String> acknowledged = ConcurrentHashMap.newKeySet();
        for (String how : new String[] {"term", "kill"}) {
            Set<String> before = stage.send(topic, null, "before-" + how, 20);
            acknowledged.addAll(before);
            Check.until("messages before " + how, () -> inbox.holds(before));
            System.out.println("RESTART " + how);
            System.out.flush();
            String answer = input.readLine();
            Check.equal("DONE", answer, "answer to the wish for a restart");
            Check.eventually(() -> {
                String body = "after-" + how;
                try {
                    Check.equal(SendStatus.SEND_OK,
                            stage.producer()
                                    .send(new Message(topic, Stage.bytes(body)))
                                    .getSendStatus(),
                            "status");
                } catch (RemotingException | IllegalStateException e) {
                    throw new AssertionError("send after the restart", e);
                }
                acknowledged.add(body);
            });
            acknowledged.addAll(stage.send(topic, null, "more-" + how, 20));
            Check.until("messages after " + how, () -> inbox.holds(acknowledged));
        }
    }
}
