// Thread.sleep and a scheduled executor. Waits UNIT
import java.util.concurrent.*;

public class Waits {
  public static void main(String[] words) throws Exception {
    long unit = Long.parseLong(words[0]);
    Thread.sleep(3600_000 * unit);
    ScheduledExecutorService service = Executors.newScheduledThreadPool(2);
    for (int i = 1; i <= 5; i++) {
      int number = i;
      service.schedule(() -> System.out.println("task " + number), 15 * number * unit, TimeUnit.SECONDS);
      if (unit == 0) {
        Thread.yield();
      }
    }
    service.shutdown();
    service.awaitTermination(1, TimeUnit.HOURS);
    System.out.println("end");
  }
}
