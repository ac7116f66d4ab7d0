// Timers, a signal to itself and a hook at the end.
import java.util.concurrent.*;

public class Timers {
  public static void main(String[] arguments) throws Exception {
    long start = System.nanoTime();
    ScheduledExecutorService scheduler = Executors.newScheduledThreadPool(2);
    CountDownLatch ticks = new CountDownLatch(3);
    scheduler.scheduleAtFixedRate(ticks::countDown, 5, 5, TimeUnit.MILLISECONDS);
    ticks.await();
    scheduler.shutdownNow();
    Thread.sleep(10);
    System.out.println("ticks, later " + (System.nanoTime() - start >= 25_000_000));

    CountDownLatch caught = new CountDownLatch(1);
    sun.misc.Signal.handle(new sun.misc.Signal("USR2"), signal -> caught.countDown());
    new ProcessBuilder("sh", "-c", "kill -USR2 " + ProcessHandle.current().pid()).start().waitFor();
    System.out.println("signal " + caught.await(10, TimeUnit.SECONDS));
    Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook")));
  }
}
