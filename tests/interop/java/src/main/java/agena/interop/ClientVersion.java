package agena.interop;

import java.lang.reflect.Method;
import java.util.Collections;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;

/**
 * What differs between the client's 4.x and 5.x lines, reached by reflection so that one source
 * tree compiles against both. Everything else in this suite uses calls that both lines have.
 */
final class ClientVersion {
    static final boolean FIVE = isFive();

    private ClientVersion() {}

    private static boolean isFive() {
        try {
            Class.forName("org.apache.rocketmq.remoting.protocol.heartbeat.MessageModel");
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    static void broadcasting(DefaultMQPushConsumer consumer) {
        Method setter = method(consumer.getClass(), "setMessageModel", 1);
        Object value = null;
        for (Object constant : setter.getParameterTypes()[0].getEnumConstants()) {
            if (((Enum<?>) constant).name().equals("BROADCASTING")) {
                value = constant;
            }
        }
        invoke(setter, consumer, value);
    }

    /** createTopic lost its three-argument form when topics got attributes. */
    static void createTopic(DefaultMQProducer producer, String key, String topic, int queues)
            throws Exception {
        for (Method candidate : producer.getClass().getMethods()) {
            Class<?>[] types = candidate.getParameterTypes();
            if (!candidate.getName().equals("createTopic") || types.length < 3
                    || types[2] != int.class) {
                continue;
            }
            if (types.length == 3) {
                invoke(candidate, producer, key, topic, queues);
                return;
            }
            if (types.length == 4 && types[3] == java.util.Map.class) {
                invoke(candidate, producer, key, topic, queues, Collections.emptyMap());
                return;
            }
        }
        throw new IllegalStateException("this client has no createTopic that the suite knows");
    }

    /**
     * The names of the compressions that the client can write; empty on clients that know only
     * zlib.
     */
    static String[] compressions(DefaultMQProducer producer) {
        Method setter = method(producer.getClass(), "setCompressType", 1);
        if (setter == null) {
            return new String[0];
        }
        Object[] constants = setter.getParameterTypes()[0].getEnumConstants();
        String[] names = new String[constants.length];
        for (int i = 0; i < constants.length; i++) {
            names[i] = ((Enum<?>) constants[i]).name();
        }
        return names;
    }

    static void compression(DefaultMQProducer producer, String name) {
        Method setter = method(producer.getClass(), "setCompressType", 1);
        for (Object constant : setter.getParameterTypes()[0].getEnumConstants()) {
            if (((Enum<?>) constant).name().equals(name)) {
                invoke(setter, producer, constant);
            }
        }
    }

    private static Method method(Class<?> type, String name, int parameters) {
        for (Method candidate : type.getMethods()) {
            if (candidate.getName().equals(name) && candidate.getParameterCount() == parameters) {
                return candidate;
            }
        }
        return null;
    }

    private static void invoke(Method method, Object target, Object... arguments) {
        try {
            method.invoke(target, arguments);
        } catch (java.lang.reflect.InvocationTargetException e) {
            throw new IllegalStateException(method.getName() + ": " + e.getCause(), e.getCause());
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }
}
