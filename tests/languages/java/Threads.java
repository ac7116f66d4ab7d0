// A pool of threads; a lock of each kind; a parallel stream.
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.*;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.IntStream;

public class Threads {
  private static long sum = 0;

  public static void main(String[] arguments) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(8);
    ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    AtomicInteger taken = new AtomicInteger();
    CountDownLatch latch = new CountDownLatch(1000);
    Object monitor = new Object();
    List<Future<?>> all = new ArrayList<>();
    for (int i = 1; i <= 1000; i++) {
      final int number = i;
      all.add(pool.submit(() -> {
        taken.incrementAndGet();
        lock.writeLock().lock();
        try {
          synchronized (monitor) {
            sum += number;
          }
        } finally {
          lock.writeLock().unlock();
        }
        latch.countDown();
      }));
    }
    latch.await();
    for (Future<?> one : all) {
      one.get();
    }
    pool.shutdown();
    System.out.println(taken + " taken, sum " + sum + ", ended " + pool.awaitTermination(10, TimeUnit.SECONDS));
    System.out.println("parallel " + IntStream.range(0, 100000).parallel().asLongStream().sum());
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      Thread thread = new Thread(latch::countDown);
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) {
      thread.join();
    }
    System.out.println(threads.size() + " threads");
  }
}
