// A producer and four consumers, with condition variables and timed waits. conditions UNIT
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ready = PTHREAD_COND_INITIALIZER;
static long unit;
static int made, taken;

static struct timespec milliseconds(long count) {
  const long all = count * unit;
  return (struct timespec){all / 1000, all % 1000 * 1000000};
}

static void* consume(void* name) {
  const long number = (long)name;
  pthread_mutex_lock(&lock);
  while (taken < 40) {
    if (taken < made) {
      printf("%ld takes %d\n", number, ++taken);
      fflush(stdout);
      const struct timespec work = milliseconds(100 * number);
      pthread_mutex_unlock(&lock);
      nanosleep(&work, NULL);
      pthread_mutex_lock(&lock);
      continue;
    }
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    pthread_cond_timedwait(&ready, &lock, &until);
  }
  pthread_cond_broadcast(&ready);
  pthread_mutex_unlock(&lock);
  return NULL;
}

int main(int count, char** words) {
  unit = count > 1 ? atol(words[1]) : 1;
  pthread_t threads[4];
  for (long i = 0; i < 4; ++i) {
    pthread_create(&threads[i], NULL, consume, (void*)(i + 1));
    const struct timespec next =
        milliseconds(1);  // Why: who is first to wait is the kernel's choice.
    nanosleep(&next, NULL);
  }
  for (int i = 0; i < 40; ++i) {
    const struct timespec work = milliseconds(350);
    nanosleep(&work, NULL);
    pthread_mutex_lock(&lock);
    ++made;
    pthread_cond_signal(&ready);
    pthread_mutex_unlock(&lock);
  }
  for (int i = 0; i < 4; ++i) {
    pthread_join(threads[i], NULL);
  }
  puts("end");
  return 0;
}
