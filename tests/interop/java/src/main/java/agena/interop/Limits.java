package agena.interop;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.hook.SendMessageContext;
import org.apache.rocketmq.client.hook.SendMessageHook;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** The largest and smallest that pass, and one more. */
final class Limits {
    private static final int MAX_BODY = 4 * 1024 * 1024;
    private static final int MESSAGE_ILLEGAL = 13;
    private static final int SYSTEM_ERROR = 1;

    private Limits() {}

    static void addTo(Runner runner) {
        runner.add("limit.empty_body", Limits::emptyBody);
        runner.add("limit.4_mib_body", Limits::largestBody);
        runner.add("limit.4_mib_body_plus_one", Limits::oneByteTooMany);
        runner.add("limit.batch_too_large", Limits::batchTooLarge);
        runner.add("limit.properties", Limits::properties);
        runner.add("limit.compressed_body", Limits::compressedBody);
        runner.add("limit.compressions", Limits::compressions);
        runner.add("limit.one_byte_bodies", Limits::oneByteBodies);
    }

    /** Bytes that no compression shortens, the same for the same seed. */
    static byte[] noise(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** A producer that neither compresses nor refuses by itself, so that the broker must decide. */
    private static DefaultMQProducer unlimited(Stage stage) throws Exception {
        DefaultMQProducer producer = stage.newProducer();
        producer.setMaxMessageSize(64 * 1024 * 1024);
        producer.setCompressMsgBodyOverHowmuch(Integer.MAX_VALUE);
        producer.setRetryTimesWhenSendFailed(0);
        return stage.start(producer);
    }

    /**
     * The client refuses empty bodies; a send hook, which runs after that check, lets one through.
     */
    private static void emptyBody(Stage stage) throws Exception {
        String topic = stage.topic(1);
        MQClientException refused = Check.clientError(
                "empty body", () -> stage.producer().send(new Message(topic, new byte[0])));
        Check.equal(MESSAGE_ILLEGAL, refused.getResponseCode(), "the client's code");
        DefaultMQProducer producer = stage.newProducer();
        producer.setRetryTimesWhenSendFailed(0);
        producer.getDefaultMQProducerImpl().registerSendMessageHook(new SendMessageHook() {
            @Override
            public String hookName() {
                return "empty the body";
            }

            @Override
            public void sendMessageBefore(SendMessageContext context) {
                context.getMessage().setBody(new byte[0]);
            }

            @Override
            public void sendMessageAfter(SendMessageContext context) {}
        });
        stage.start(producer);
        Message message = new Message(topic, "tag", "key", Stage.bytes("x"));
        // Java 5.5.0 trips over the missing body and answers 1; storing it, and refusing it with
        // 13, are both fine too. What counts: a definite answer, and the next message is untouched
        // by it.
        boolean stores;
        try {
            stores = producer.send(message).getSendStatus() == SendStatus.SEND_OK;
        } catch (MQClientException | MQBrokerException e) {
            int code = Check.brokerCode("empty body at the broker", () -> { throw e; });
            Check.that(code == SYSTEM_ERROR || code == MESSAGE_ILLEGAL,
                    "the broker's code is " + code);
            stores = false;
        }
        stage.sendOk(new Message(topic, Stage.bytes("after")));
        List<MessageExt> stored = stage.dumpAll(topic, stores ? 2 : 1);
        Check.equal(stores ? 2 : 1, stored.size(), "stored");
        if (stores) {
            byte[] body = stored.get(0).getBody();
            Check.that(body == null || body.length == 0, "the stored body is empty");
            Check.equal("tag", stored.get(0).getTags(), "tag of the empty message");
        }
        Check.equal("after", Inbox.text(stored.get(stored.size() - 1)), "the message after it");
    }

    private static void largestBody(Stage stage) throws Exception {
        String topic = stage.topic(1);
        byte[] body = noise(MAX_BODY, 4);
        DefaultMQProducer producer = unlimited(stage);
        Check.equal(SendStatus.SEND_OK,
                producer.send(new Message(topic, "t", "k", body), 30_000).getSendStatus(),
                "status");
        MessageExt stored = stage.dumpAll(topic, 1).get(0);
        Check.that(Arrays.equals(body, stored.getBody()), "4 MiB come back byte for byte");
        // And through a push consumer, which decodes on another path.
        AtomicInteger right = new AtomicInteger();
        var consumer = stage.newPushConsumer(stage.name("G"));
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            messages.forEach(
                    message -> right.addAndGet(Arrays.equals(body, message.getBody()) ? 1 : 100));
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        stage.start(consumer);
        Check.until("the large message", () -> right.get() != 0);
        Check.equal(1, right.get(), "large messages pushed");
    }

    private static void oneByteTooMany(Stage stage) throws Exception {
        String topic = stage.topic(1);
        byte[] body = noise(MAX_BODY + 1, 5);
        MQClientException refused =
                Check.clientError("4 MiB and one byte with the client's own limit",
                        () -> stage.producer().send(new Message(topic, body)));
        Check.equal(MESSAGE_ILLEGAL, refused.getResponseCode(), "the client's code");
        DefaultMQProducer producer = unlimited(stage);
        Check.equal(MESSAGE_ILLEGAL,
                Check.brokerCode("4 MiB and one byte at the broker",
                        () -> producer.send(new Message(topic, body), 30_000)),
                "the broker's code");
        Check.equal(SendStatus.SEND_OK,
                producer.send(new Message(topic, Stage.bytes("still fine"))).getSendStatus(),
                "status of the next send on this connection");
        Check.equal(1, stage.dumpAll(topic, 1).size(), "stored");
    }

    private static void batchTooLarge(Stage stage) throws Exception {
        String topic = stage.topic(1);
        DefaultMQProducer producer = unlimited(stage);
        byte[] half = noise(MAX_BODY / 2, 6);
        List<Message> batch = List.of(
                new Message(topic, half), new Message(topic, half), new Message(topic, half));
        // Java 5.5.0 answers 1 here, because its batch encoder throws; 13 says it better.
        int code = Check.brokerCode("a batch of 6 MiB", () -> producer.send(batch, 30_000));
        Check.that(code == MESSAGE_ILLEGAL || code == SYSTEM_ERROR,
                "code of a batch of 6 MiB is " + code);
        Check.equal(0L, stage.stored(topic), "nothing of a refused batch is stored");
    }

    private static void properties(Stage stage) throws Exception {
        String topic = stage.topic(1);
        DefaultMQProducer producer = unlimited(stage);
        Message fits = new Message(topic, Stage.bytes("fits"));
        fits.putUserProperty("p", "v".repeat(32_000));
        Check.equal(SendStatus.SEND_OK, producer.send(fits).getSendStatus(),
                "32,000 bytes of properties");
        Message tooMuch = new Message(topic, Stage.bytes("too much"));
        tooMuch.putUserProperty("p", "v".repeat(32_768));
        Check.equal(MESSAGE_ILLEGAL,
                Check.brokerCode(
                        "more than 32,767 bytes of properties", () -> producer.send(tooMuch)),
                "code");
        List<MessageExt> stored = stage.dumpAll(topic, 1);
        Check.equal(1, stored.size(), "stored");
        Check.equal("v".repeat(32_000), stored.get(0).getUserProperty("p"), "long property");
        Message many = new Message(topic, Stage.bytes("many"));
        for (int i = 0; i < 120; i++) {
            many.putUserProperty("name" + i, "value " + i);
        }
        producer.send(many);
        MessageExt got = stage.dumpAll(topic, 2).get(1);
        for (int i = 0; i < 120; i++) {
            Check.equal("value " + i, got.getUserProperty("name" + i), "property " + i);
        }
    }

    private static void compressedBody(Stage stage) throws Exception {
        String topic = stage.topic(1);
        byte[] text = Stage.bytes("all work and no play makes compression easy ".repeat(20_000));
        stage.sendOk(new Message(topic, text));
        MessageExt stored = stage.dumpAll(topic, 1).get(0);
        Check.that(Arrays.equals(text, stored.getBody()), "the body comes back as it was");
        Check.that(stored.getStoreSize() < text.length / 4,
                "stored compressed: " + stored.getStoreSize() + " bytes");
        Inbox inbox = new Inbox();
        stage.consume(stage.name("G"), topic, "*", inbox);
        Check.until("the compressed message", () -> inbox.size() == 1);
        Check.that(
                Arrays.equals(text, inbox.all().get(0).getBody()), "the pushed body is as it was");
    }

    /**
     * Zlib, LZ4 and Zstandard on clients that know them: the broker passes the flags and bytes
     * untouched.
     */
    private static void compressions(Stage stage) throws Exception {
        byte[] text = Stage.bytes("abcdefghij".repeat(5_000));
        DefaultMQProducer probe = stage.newProducer();
        for (String name : ClientVersion.compressions(probe)) {
            String topic = stage.topic(1);
            DefaultMQProducer producer = stage.newProducer();
            ClientVersion.compression(producer, name);
            stage.start(producer);
            producer.send(new Message(topic, text));
            MessageExt stored = stage.dumpAll(topic, 1).get(0);
            Check.that(Arrays.equals(text, stored.getBody()),
                    name + ": the body comes back as it was");
            Check.that(stored.getStoreSize() < text.length / 4, name + ": stored compressed");
        }
    }

    private static void oneByteBodies(Stage stage) throws Exception {
        String topic = stage.topic(1);
        for (int i = 0; i < 256; i += 15) {
            stage.sendOk(new Message(topic, new byte[] {(byte) i}));
        }
        int wanted = 0;
        for (MessageExt message : stage.dumpAll(topic, 18)) {
            Check.equal(1, message.getBody().length, "length");
            Check.equal(wanted, message.getBody()[0] & 0xff, "byte");
            wanted += 15;
        }
        Check.equal(270, wanted, "all bytes seen");
    }
}
