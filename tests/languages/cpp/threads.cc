// Eight workers take numbers from a queue; a readers' lock, an atomic and a future besides.
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <future>
#include <mutex>
#include <queue>
#include <shared_mutex>
#include <thread>
#include <vector>

int main() {
  std::mutex mutex;
  std::condition_variable filled;
  std::queue<int> queue;
  bool closed = false;
  std::shared_mutex table_mutex;
  long table = 0;
  std::atomic<int> taken = 0;
  std::vector<std::thread> workers;
  for (int i = 0; i < 8; ++i) {
    workers.emplace_back([&] {
      for (;;) {
        std::unique_lock lock(mutex);
        filled.wait(lock, [&] { return closed || !queue.empty(); });
        if (queue.empty()) {
          return;
        }
        const int number = queue.front();
        queue.pop();
        lock.unlock();
        ++taken;
        const std::unique_lock writing(table_mutex);
        table += number;
      }
    });
  }
  for (int i = 1; i <= 1000; ++i) {
    const std::lock_guard lock(mutex);
    queue.push(i);
    filled.notify_one();
  }
  {
    const std::lock_guard lock(mutex);
    closed = true;
  }
  filled.notify_all();
  for (std::thread& worker : workers) {
    worker.join();
  }
  std::future<long> sum = std::async(std::launch::async, [&] {
    const std::shared_lock reading(table_mutex);
    return table;
  });
  std::printf("%d taken, sum %ld\n", taken.load(), sum.get());
}
